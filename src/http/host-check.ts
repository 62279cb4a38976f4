import { isIP } from 'node:net';

/**
 * Whether a request that came in over loopback may be answered, by its `Host` header. A web page
 * can make a browser resolve a name of its own to 127.0.0.1 (DNS rebinding) and read what it gets;
 * it cannot do that with an IP literal or `localhost`. A missing header is no browser's.
 */
export function isTrustedHost(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host);
  const text = name?.[1] ?? name?.[2] ?? '';
  return text.toLowerCase() === 'localhost' || isIP(text) !== 0;
}

/** Whether the local end of a connection is a loopback address. */
export function isLoopbackAddress(address: string | undefined): boolean {
  return (
    address === '::1' ||
    (address?.startsWith('127.') ?? false) ||
    (address?.startsWith('::ffff:127.') ?? false)
  );
}
