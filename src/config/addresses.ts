import { isIP } from 'node:net';

export interface TcpAddress {
  readonly kind: 'tcp';
  /** IP literal without brackets, or a host name. */
  readonly host: string;
  readonly port: number;
}
export interface UnixAddress {
  readonly kind: 'unix';
  readonly path: string;
}
export type ListenAddress = TcpAddress | UnixAddress;

/** A parsed value, or why there is none: a phrase that fits behind "must be" or stands alone. */
export type Parsed<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'bad'; readonly problem: string };

/** `HOST:PORT`, `[IPV6]:PORT`, or a path that starts with `/` or `.`. */
export function parseListenAddress(text: string): Parsed<ListenAddress> {
  if (text.startsWith('/') || text.startsWith('.')) {
    return Buffer.byteLength(text) <= 107
      ? ok({ kind: 'unix', path: text })
      : bad('the path of a unix socket has at most 107 bytes');
  }
  return parseHostPort(text);
}

/** `HOST:PORT` or `[IPV6]:PORT`, port 1 to 65535. */
export function parseHostPort(text: string): Parsed<TcpAddress> {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const isWellFormed = host !== undefined && (match?.[1] === undefined || isIP(host) === 6);
  if (!isWellFormed || port < 1 || port > 65_535) {
    return bad('allowed is HOST:PORT or [IPV6]:PORT with a port from 1 to 65535');
  }
  return ok({ kind: 'tcp', host, port });
}

/** True for addresses that only this machine can connect to. A host name counts if it is `localhost`. */
export function isLoopback(address: ListenAddress): boolean {
  if (address.kind === 'unix') return true;
  const host = address.host.toLowerCase();
  return (
    host === 'localhost' ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.')) ||
    host.startsWith('::ffff:127.')
  );
}

/** How users write the address, and how messages show it. */
export function formatAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return address.path;
  return address.host.includes(':')
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

function ok<T>(value: T): Parsed<T> {
  return { kind: 'ok', value };
}

function bad(problem: string): { readonly kind: 'bad'; readonly problem: string } {
  return { kind: 'bad', problem };
}
