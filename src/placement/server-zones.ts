import { isIP } from 'node:net';
import { ProxyError } from '../errors/index.js';
import { canonicalHost, Subnet } from '../shards/index.js';

interface SubnetZone {
  readonly subnet: Subnet;
  readonly zone: string;
}

const HOST = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i;

/**
 * Availability zones of servers that do not announce theirs. A host wins over a subnet, a narrow
 * subnet over a wide one.
 */
export class ServerZones {
  readonly #hosts = new Map<string, string>();
  readonly #subnets: SubnetZone[] = [];

  /**
   * @param entries As given to `--server-zone`: `HOST=ZONE` or `ADDRESS/BITS=ZONE`.
   * @throws ProxyError `address_map_invalid`, naming the entry.
   */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      this.#add(entry);
    }
    this.#subnets.sort((a, b) => b.subnet.bits - a.subnet.bits);
  }

  /** @param hosts The server's address and names. @returns null if no entry applies. */
  zoneOf(hosts: readonly string[]): string | null {
    for (const host of hosts) {
      const zone = this.#hosts.get(canonicalHost(host));
      if (zone !== undefined) {
        return zone;
      }
    }
    const rule = this.#subnets.find(({ subnet }) => hosts.some((host) => subnet.contains(host)));
    return rule?.zone ?? null;
  }

  #add(entry: string): void {
    const [server = '', zone = '', ...rest] = entry.split('=').map((part) => part.trim());
    if (server === '' || zone === '' || rest.length > 0) {
      throw invalid(entry, 'it must be HOST=ZONE or CIDR=ZONE');
    }
    const subnet = Subnet.parse(server);
    if (subnet !== null) {
      this.#subnets.push({ subnet, zone });
      return;
    }
    if (isIP(server) === 0 && !HOST.test(server)) {
      throw invalid(entry, `${server} is neither a host, without a port, nor a subnet`);
    }
    const host = canonicalHost(server);
    if (this.#hosts.has(host)) {
      throw invalid(entry, `${server} is given twice`);
    }
    this.#hosts.set(host, zone);
  }
}

function invalid(entry: string, what: string): ProxyError {
  return new ProxyError('address_map_invalid', `--server-zone ${entry}: ${what}`);
}
