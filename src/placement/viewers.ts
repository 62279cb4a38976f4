import { isIP } from 'node:net';
import { canonicalHost, Subnet } from '../shards/index.js';

/** A client, as far as the addresses that it is shown depend on it. */
export interface Viewer {
  /** Where it is: one address, or a whole subnet that is shown the same; null: at a unix socket. */
  readonly subnet: Subnet | null;
  /** IP address at which it reached the proxy; '' if that is a unix socket, or not known. */
  readonly localIp: string;
}

/** Clients that are all shown the same addresses. */
export interface ClientView {
  /** '' is everybody whom no earlier view contains. */
  readonly cidr: string;
  readonly viewer: Viewer;
}

const LOOPBACK = subnets(['127.0.0.0/8', '::1/128']);
/** The address types differ for clients of IPv4 and IPv6, so "everybody" is these two. */
const ALL_IPV4 = '0.0.0.0/0';
const ALL_IPV6 = '::/0';

/** @param clientAddress, localAddress `host:port`, `[host]:port`, or the path of a unix socket. */
export function viewerOf(clientAddress: string, localAddress: string): Viewer {
  return { subnet: Subnet.of(ipOf(clientAddress)), localIp: ipOf(localAddress) };
}

export function isLocalViewer({ subnet }: Viewer): boolean {
  return subnet === null || LOOPBACK.some((loopback) => loopback.covers(subnet));
}

/**
 * Divides clients by what they may be shown. The first view that contains a client is its own.
 * @param cidrs All subnets that anything shown depends on, in any order, also repeatedly.
 */
export function clientViews(cidrs: readonly string[]): readonly ClientView[] {
  const all = subnets([...cidrs, ...LOOPBACK.map(String), ALL_IPV4, ALL_IPV6]);
  const distinct = [...new Map(all.map((subnet) => [String(subnet), subnet])).values()];
  return distinct
    .sort((a, b) => b.bits - a.bits || (a.family < b.family ? -1 : 1))
    .map((subnet) => ({
      cidr: String(subnet) === ALL_IPV6 ? '' : String(subnet),
      viewer: { subnet, localIp: '' },
    }));
}

function subnets(cidrs: readonly string[]): readonly Subnet[] {
  return cidrs.flatMap((cidr) => Subnet.parse(cidr) ?? []);
}

function ipOf(address: string): string {
  const match = /^(?:\[(.*)\]|([^:]*)):\d+$/.exec(address);
  const host = match?.[1] ?? match?.[2] ?? '';
  return isIP(host) === 0 ? '' : canonicalHost(host);
}
