import {
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  mapReply,
  nullArrayReply,
  nullReply,
  simpleReply,
} from './encode-reply.js';
import type { RespVersion } from './types.js';
import type { RespValue } from './value.js';

const MARKS = { array: '*', set: '~', push: '>' } as const;

/**
 * One complete reply. In RESP2, which has fewer types, a map becomes a flat array of names and
 * values, a set or push an array, a double, big number or verbatim string a bulk string, and a
 * boolean 1 or 0: as the servers themselves do it.
 */
export function encodeValue(value: RespValue, protocol: RespVersion): Buffer {
  switch (value.kind) {
    case 'simple':
      return simpleReply(value.text);
    case 'error':
      return errorReply(value.text);
    case 'integer':
      return integerReply(value.value);
    case 'bulk':
      return bulkReply(value.bytes);
    case 'null':
      return value.isArray ? nullArrayReply(protocol) : nullReply(protocol);
    case 'array':
    case 'set':
    case 'push':
      return listReply(value, protocol);
    case 'map':
      return mapReply(
        protocol,
        value.entries.map((entry) => [
          encodeValue(entry[0], protocol),
          encodeValue(entry[1], protocol),
        ]),
      );
    case 'double':
    case 'boolean':
    case 'bignum':
    case 'verbatim':
      return protocol === 3 ? resp3Scalar(value) : resp2Scalar(value);
  }
}

type List = Extract<RespValue, { readonly items: readonly RespValue[] }>;
type Scalar = Extract<RespValue, { readonly kind: 'double' | 'boolean' | 'bignum' | 'verbatim' }>;

function listReply({ kind, items }: List, protocol: RespVersion): Buffer {
  const encoded = items.map((item) => encodeValue(item, protocol));
  return protocol === 2 || kind === 'array'
    ? arrayReply(encoded)
    : Buffer.concat([Buffer.from(`${MARKS[kind]}${items.length}\r\n`), ...encoded]);
}

function resp3Scalar(value: Scalar): Buffer {
  switch (value.kind) {
    case 'double':
      return Buffer.from(`,${value.text}\r\n`);
    case 'boolean':
      return Buffer.from(value.value ? '#t\r\n' : '#f\r\n');
    case 'bignum':
      return Buffer.from(`(${value.text}\r\n`);
    case 'verbatim': {
      const head = `=${value.bytes.length + value.format.length + 1}\r\n${value.format}:`;
      return Buffer.concat([Buffer.from(head), value.bytes, Buffer.from('\r\n')]);
    }
  }
}

function resp2Scalar(value: Scalar): Buffer {
  switch (value.kind) {
    case 'double':
    case 'bignum':
      return bulkReply(value.text);
    case 'boolean':
      return integerReply(value.value ? 1 : 0);
    case 'verbatim':
      return bulkReply(value.bytes);
  }
}
