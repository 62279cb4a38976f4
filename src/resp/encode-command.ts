import type { CommandArguments } from './types.js';

const CRLF = Buffer.from('\r\n');

/**
 * A command as a RESP array of bulk strings, the only form in which the proxy sends one.
 * Source: RESP specification, "Sending commands to a Redis server".
 */
export function encodeCommand(args: CommandArguments): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'string' ? Buffer.from(arg) : arg;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}
