import type { RespVersion } from './types.js';

/**
 * Builders of the replies that the control plane gives to clients. Each returns the complete bytes
 * of one reply; arrays and maps take replies that were built before.
 * Source: RESP specification (RESP2 and RESP3 types).
 */

const CRLF = Buffer.from('\r\n');

/** Line ends would end the reply early and shift all that follow it: they become blanks. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

export function simpleReply(text: string): Buffer {
  return Buffer.from(`+${oneLine(text)}\r\n`);
}

export const OK_REPLY: Buffer = simpleReply('OK');

/** @param text With the code in front, as a server words it: `ERR syntax error`. */
export function errorReply(text: string): Buffer {
  return Buffer.from(`-${oneLine(text)}\r\n`);
}

/** @param value An integer of up to 64 bits; a fraction is a bug of the caller. */
export function integerReply(value: number | bigint): Buffer {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`not a safe integer: ${value}`);
  }
  return Buffer.from(`:${value}\r\n`);
}

export function bulkReply(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF]);
}

export function arrayReply(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
}

/** A map, or in RESP2, which has none, a flat array of names and values. */
export function mapReply(
  version: RespVersion,
  entries: readonly (readonly [name: Buffer, value: Buffer])[],
): Buffer {
  const header = version === 3 ? `%${entries.length}\r\n` : `*${entries.length * 2}\r\n`;
  return Buffer.concat([Buffer.from(header), ...entries.flat()]);
}

/** Null where a value would be a string. */
export function nullReply(version: RespVersion): Buffer {
  return Buffer.from(version === 3 ? '_\r\n' : '$-1\r\n');
}

/** Null where a value would be an array; RESP3 knows only one null. */
export function nullArrayReply(version: RespVersion): Buffer {
  return Buffer.from(version === 3 ? '_\r\n' : '*-1\r\n');
}
