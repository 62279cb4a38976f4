import { isIP } from 'node:net';
import { PLACEMENT_SETTINGS } from './settings/placement.js';

const MODES = PLACEMENT_SETTINGS.mode;

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
export type ListenMode = (typeof PLACEMENT_SETTINGS.mode.values)[number];

export type ListenAddress = (TcpAddress | UnixAddress) & {
  /** How the database presents itself to clients that connect here; missing: as everywhere else. */
  readonly mode?: ListenMode;
  /** Who puts a header of the PROXY protocol first: subnets, and `unix`; missing: as everywhere else. */
  readonly proxyProtocol?: readonly string[];
};

/** A parsed value, or why there is none: a phrase that fits behind "must be" or stands alone. */
export type Parsed<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'bad'; readonly problem: string };

/**
 * `HOST:PORT`, `[IPV6]:PORT`, or a path that starts with `/` or `.`; each may end in `?mode=MODE`,
 * `?proxyProtocol=SENDER` or both, with `&` between them. The forms of senders are not looked at.
 */
export function parseListenAddress(text: string): Parsed<ListenAddress> {
  const [, place = text, query = ''] = /^(.*?)\?((?:mode|proxyProtocol)=.*)$/s.exec(text) ?? [];
  const address = parsePlace(place);
  if (address.kind === 'bad') {
    return address;
  }
  let value: ListenAddress = address.value;
  for (const option of query === '' ? [] : query.split('&')) {
    const [name, word = ''] = option.split(/=(.*)/s, 2);
    if (name === 'mode') {
      const mode = modeNamed(word);
      if (mode === undefined) return bad(`allowed behind mode= is ${MODES.values.join(', ')}`);
      value = { ...value, mode };
    } else if (name === 'proxyProtocol') {
      value = { ...value, proxyProtocol: [...(value.proxyProtocol ?? []), word] };
    } else {
      return bad('allowed behind ? is mode=MODE and proxyProtocol=SENDER, with & between them');
    }
  }
  return ok(value);
}

function parsePlace(text: string): Parsed<TcpAddress | UnixAddress> {
  if (text.startsWith('/') || text.startsWith('.')) {
    return Buffer.byteLength(text) <= 107
      ? ok({ kind: 'unix', path: text })
      : bad('the path of a unix socket has at most 107 bytes');
  }
  return parseHostPort(text);
}

function modeNamed(word: string): ListenMode | undefined {
  const aliases: Readonly<Record<string, ListenMode>> = MODES.aliases;
  return MODES.values.find((value) => value === word) ?? aliases[word];
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
  const options = [
    ...(address.mode === undefined ? [] : [`mode=${address.mode}`]),
    ...(address.proxyProtocol ?? []).map((sender) => `proxyProtocol=${sender}`),
  ];
  const suffix = options.length === 0 ? '' : `?${options.join('&')}`;
  if (address.kind === 'unix') return `${address.path}${suffix}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}${suffix}`;
}

function ok<T>(value: T): Parsed<T> {
  return { kind: 'ok', value };
}

function bad(problem: string): { readonly kind: 'bad'; readonly problem: string } {
  return { kind: 'bad', problem };
}
