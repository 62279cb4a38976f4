import type { RespValue } from '../../../resp/index.js';
import { bulkValue, integerIn, integerValue, itemsIn } from '../reply-values.js';

/**
 * ROLE of a stand-alone primary without replicas: each shard has its own, and none is the proxy's.
 * The offset is the largest, as in INFO.
 */
export function joinRoles(replies: readonly RespValue[]): RespValue {
  const offsets = replies.map((reply) => integerIn(itemsIn(reply)[1]));
  const largest = offsets.reduce((a, b) => (a > b ? a : b), 0n);
  return {
    kind: 'array',
    items: [bulkValue('master'), integerValue(largest), { kind: 'array', items: [] }],
  };
}
