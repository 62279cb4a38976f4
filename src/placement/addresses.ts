import { isIP } from 'node:net';
import { DEFAULT_CLIENTS } from '../config/nodes.js';
import { Subnet } from '../shards/index.js';
import { isWildcard } from './hosts.js';
import type { EndpointType, NodeSpec, PlacementSettings } from './types.js';
import type { Viewer } from './viewers.js';

/** Where clients find a node or a server. */
export interface ShownAddress {
  /** What they are to connect to: `ip` or `hostname`. */
  readonly host: string;
  /** '' where only a name is known. */
  readonly ip: string;
  readonly hostname: string | null;
}

const LOOPBACK = '127.0.0.1';

/**
 * The address of a node for one client. What `clientAddresses` says of the client's subnet comes
 * first, the narrowest subnet before wider ones; then the preferred kind of address. Where the node
 * has no address of that kind, it is the internal one, or the name, that remains.
 */
export function shownAddress(
  node: NodeSpec,
  settings: Pick<PlacementSettings, 'preferredIpType' | 'preferredEndpointType'>,
  viewer: Viewer,
): ShownAddress {
  const isExternal = settings.preferredIpType === 'external';
  const hostname = isExternal ? node.externalHostname : node.hostname;
  const special = addressForClient(node, viewer);
  if (special !== undefined) {
    return exactly(special, hostname);
  }
  const ip = (isExternal ? externalAddress(node, viewer) : undefined) ?? ownAddress(node, viewer);
  return preferred(ip, hostname, settings.preferredEndpointType);
}

/** An address that was chosen for these clients, whatever is preferred elsewhere. */
export function exactly(host: string, hostname: string | null): ShownAddress {
  return isIP(host) === 0 ? { host, ip: '', hostname: host } : { host, ip: host, hostname };
}

/** The name if names are preferred and there is one. */
export function preferred(ip: string, hostname: string | null, type: EndpointType): ShownAddress {
  return { host: type === 'hostname' && hostname !== null ? hostname : ip, ip, hostname };
}

/** Where a database listens on a node, which may have a port of its own. */
export function portOn({ port }: NodeSpec, databasePort: number): number {
  return port ?? databasePort;
}

/** As a redirect names it: like servers, without brackets around IPv6. */
export function redirectTarget({ host }: ShownAddress, port: number): string {
  return `${host}:${port}`;
}

function addressForClient(node: NodeSpec, { subnet }: Viewer): string | undefined {
  const rules = node.clientAddresses.map(({ clients, address }) => ({
    clients: Subnet.parse(clients),
    address,
  }));
  const [narrowest] = rules
    .filter(({ clients }) => subnet !== null && clients?.covers(subnet))
    .sort((a, b) => (b.clients?.bits ?? 0) - (a.clients?.bits ?? 0));
  const rest = node.clientAddresses.find(({ clients }) => clients === DEFAULT_CLIENTS);
  return narrowest?.address ?? rest?.address;
}

/** Of several, the first that is of the client's own family. */
function externalAddress(node: NodeSpec, { subnet }: Viewer): string | undefined {
  const family = subnet?.family === 'ipv6' ? 6 : 4;
  const ofFamily = node.externalAddresses.find((address) => isIP(address) === family);
  return ofFamily ?? node.externalAddresses[0];
}

function ownAddress({ address }: NodeSpec, { localIp }: Viewer): string {
  if (!isWildcard(address)) {
    return address;
  }
  return localIp === '' ? LOOPBACK : localIp;
}
