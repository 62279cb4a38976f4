import { oneLine } from './encode-reply.js';
import { ReplyWriter } from './reply-writer.js';
import type { RespVersion } from './types.js';
import type { RespValue } from './value.js';

/**
 * One complete reply. In RESP2, which has fewer types, a map becomes a flat array of names and
 * values, a set or push an array, a double, big number or verbatim string a bulk string, and a
 * boolean 1 or 0: as the servers themselves do it.
 */
export function encodeValue(value: RespValue, protocol: RespVersion): Buffer {
  const writer = new ReplyWriter();
  write(value, protocol, writer);
  return writer.written();
}

const MARKS = { array: '*', set: '~', push: '>' } as const;

function write(value: RespValue, protocol: RespVersion, writer: ReplyWriter): void {
  switch (value.kind) {
    case 'simple':
      writer.line('+', oneLine(value.text));
      break;
    case 'error':
      writer.line('-', oneLine(value.text));
      break;
    case 'integer':
      writer.line(':', String(value.value));
      break;
    case 'bulk':
      writer.bulk('$', value.bytes);
      break;
    case 'null':
      writeNull(value.isArray, protocol, writer);
      break;
    case 'array':
    case 'set':
    case 'push':
      writeList(value, protocol, writer);
      break;
    case 'map':
      writeMap(value, protocol, writer);
      break;
    case 'double':
    case 'boolean':
    case 'bignum':
    case 'verbatim':
      writeScalar(value, protocol, writer);
      break;
  }
}

type List = Extract<RespValue, { readonly items: readonly RespValue[] }>;
type MapValue = Extract<RespValue, { readonly kind: 'map' }>;
type Scalar = Extract<RespValue, { readonly kind: 'double' | 'boolean' | 'bignum' | 'verbatim' }>;

function writeList({ kind, items }: List, protocol: RespVersion, writer: ReplyWriter): void {
  writer.line(protocol === 2 ? '*' : MARKS[kind], String(items.length));
  for (const item of items) {
    write(item, protocol, writer);
  }
}

function writeMap({ entries }: MapValue, protocol: RespVersion, writer: ReplyWriter): void {
  if (protocol === 3) {
    writer.line('%', String(entries.length));
  } else {
    writer.line('*', String(entries.length * 2));
  }
  for (const [name, item] of entries) {
    write(name, protocol, writer);
    write(item, protocol, writer);
  }
}

function writeNull(isArray: boolean, protocol: RespVersion, writer: ReplyWriter): void {
  if (protocol === 3) {
    writer.line('_', '');
  } else {
    writer.line(isArray ? '*' : '$', '-1');
  }
}

function writeScalar(value: Scalar, protocol: RespVersion, writer: ReplyWriter): void {
  if (protocol === 3) {
    writeResp3Scalar(value, writer);
  } else {
    writeResp2Scalar(value, writer);
  }
}

function writeResp3Scalar(value: Scalar, writer: ReplyWriter): void {
  switch (value.kind) {
    case 'double':
      writer.line(',', value.text);
      break;
    case 'boolean':
      writer.line('#', value.value ? 't' : 'f');
      break;
    case 'bignum':
      writer.line('(', value.text);
      break;
    case 'verbatim':
      writer.bulk('=', Buffer.concat([Buffer.from(`${value.format}:`), value.bytes]));
      break;
  }
}

function writeResp2Scalar(value: Scalar, writer: ReplyWriter): void {
  switch (value.kind) {
    case 'double':
    case 'bignum':
      writer.bulk('$', Buffer.from(value.text));
      break;
    case 'boolean':
      writer.line(':', value.value ? '1' : '0');
      break;
    case 'verbatim':
      writer.bulk('$', value.bytes);
      break;
  }
}
