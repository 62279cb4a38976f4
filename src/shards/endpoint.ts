import { isIPv6 } from 'node:net';
import { ProxyError } from '../errors/index.js';

/** Where a server listens. `host` is a name or an address, IPv6 without brackets. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** A server that the user named, and the user name to log in with if the URL has one. */
export interface Seed {
  readonly endpoint: Endpoint;
  readonly username: string | null;
}

const DEFAULT_PORT = 6379;
const PORT_MAX = 65_535;
const FORMS = 'HOST:PORT, [IPV6]:PORT, redis://[USER@]HOST[:PORT], unix:///PATH or /PATH';
const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/;

/**
 * Reads a seed as users write it: `host:port`, `[::1]:6379`, `redis://[user@]host[:port]`,
 * `unix:///path` or `/path`. A URL without a port means 6379; the short form needs one.
 * @throws ProxyError `tls_unavailable` for `rediss://`, `password_in_url`, or `endpoint_invalid`. No
 * message repeats a URL that may hold a password.
 */
export function parseSeed(text: string): Seed {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return { endpoint: parseEndpoint(text), username: null };
    case 'redis':
      return parseRedisUrl(text);
    case 'rediss':
      throw new ProxyError(
        'tls_unavailable',
        'a rediss:// seed needs TLS, which this version does not have yet; it is never replaced by ' +
          'plain text: use redis:// if the servers accept it',
      );
    case 'unix':
      return { endpoint: unixEndpoint(text.slice('unix://'.length)), username: null };
    default:
      throw invalid(`the scheme "${scheme}" is not known`);
  }
}

/** Reads `host:port`, `[ipv6]:port` or `/path`. @throws ProxyError `endpoint_invalid`. */
export function parseEndpoint(text: string): Endpoint {
  if (text.startsWith('/')) {
    return unixEndpoint(text);
  }
  if (text.includes('@')) {
    // It may be user:password@host, so the text is not repeated.
    throw invalid('"@" is only allowed in a URL, as in redis://USER@HOST:PORT');
  }
  const { host, port } = splitHostPort(text);
  if (port === null) {
    throw invalid(`"${text}" has no port; did you mean ${formatHostPort(host, DEFAULT_PORT)}?`);
  }
  return { kind: 'tcp', host, port };
}

/** The form that `parseEndpoint` reads; also the one for logs. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? endpoint.path : formatHostPort(endpoint.host, endpoint.port);
}

export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Splits `host`, `host:port`, `[ipv6]` or `[ipv6]:port`; `port` is null where there is none.
 * @throws ProxyError `endpoint_invalid`, also for IPv6 without brackets that a port may follow.
 */
export function splitHostPort(text: string): {
  readonly host: string;
  readonly port: number | null;
} {
  if (text.startsWith('[')) {
    const match = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
    const host = match?.[1] ?? '';
    if (match === null || !isIPv6(host)) {
      throw invalid(`"${text}" is not an IPv6 address in brackets`);
    }
    return { host, port: match[2] === undefined ? null : parsePort(match[2], text) };
  }
  const colon = text.indexOf(':');
  if (colon !== text.lastIndexOf(':')) {
    throw invalid(`"${text}": an IPv6 address needs brackets, as in [::1]:${DEFAULT_PORT}`);
  }
  const host = colon === -1 ? text : text.slice(0, colon);
  if (!HOST_NAME.test(host)) {
    throw invalid(`"${text}" does not begin with a host name or an address`);
  }
  return { host, port: colon === -1 ? null : parsePort(text.slice(colon + 1), text) };
}

function parsePort(digits: string, whole: string): number {
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > PORT_MAX) {
    throw invalid(`"${whole}": the port must be a number from 1 to ${PORT_MAX}`);
  }
  return port;
}

function parseRedisUrl(text: string): Seed {
  const [authority = '', ...path] = text.slice('redis://'.length).split('/');
  const at = authority.lastIndexOf('@');
  const user = at === -1 ? '' : authority.slice(0, at);
  if (user.includes(':')) {
    throw new ProxyError(
      'password_in_url',
      'a seed URL must not hold a password, as command lines and logs show it: keep redis://USER@HOST:PORT ' +
        'and give the password by file or by environment variable',
    );
  }
  if (path.length > 1 || !['', '0'].includes(path[0] ?? '')) {
    throw invalid('a seed URL names no database but 0: a cluster has no other');
  }
  const { host, port } = splitHostPort(authority.slice(at + 1));
  const endpoint: Endpoint = { kind: 'tcp', host, port: port ?? DEFAULT_PORT };
  return { endpoint, username: user === '' ? null : decodeUser(user) };
}

function decodeUser(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    throw invalid('the user name in the seed URL is not correctly percent-encoded');
  }
}

function unixEndpoint(path: string): Endpoint {
  if (!path.startsWith('/') || path.length < 2 || path.includes('\0')) {
    throw invalid('a unix socket needs an absolute path, as in unix:///run/redis.sock');
  }
  return { kind: 'unix', path };
}

function invalid(what: string): ProxyError {
  return new ProxyError('endpoint_invalid', `${what} (allowed: ${FORMS})`);
}
