import { encodeValue, errorReply, type RespValue, type RespVersion } from '../../resp/index.js';
import type { ControlContext } from './types.js';

/** The reply in wire form, or an error if it would be larger than the proxy may join. */
export function valueReply(
  value: RespValue,
  protocol: RespVersion,
  { maxMergedReplyBytes }: Pick<ControlContext, 'maxMergedReplyBytes'>,
): Buffer {
  return bytesIn(value) <= maxMergedReplyBytes
    ? encodeValue(value, protocol)
    : errorReply(tooLargeText(maxMergedReplyBytes));
}

/** The error for replies of several servers that have more than `bytes` together. */
export function tooLargeText(bytes: number): string {
  return (
    `ERR the servers' replies together have more than ${bytes} bytes, the limit that the setting ` +
    'maxMergedReplyBytes of Slotgate sets; ask for less, or use SCAN for keys'
  );
}

/** Bytes of the contents, without the marks and lengths around them. */
function bytesIn(value: RespValue): number {
  switch (value.kind) {
    case 'bulk':
    case 'verbatim':
      return value.bytes.length;
    case 'array':
    case 'set':
    case 'push':
      return value.items.reduce((sum, item) => sum + bytesIn(item), 0);
    case 'map':
      return value.entries.reduce((sum, [name, item]) => sum + bytesIn(name) + bytesIn(item), 0);
    case 'simple':
    case 'error':
    case 'double':
    case 'bignum':
      return value.text.length;
    case 'integer':
    case 'null':
    case 'boolean':
      return 0;
  }
}
