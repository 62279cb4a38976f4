import { ProxyError } from '../errors/index.js';
import { type Endpoint, Subnet } from '../shards/index.js';
import { AddressMap } from '../topology/index.js';
import type { Viewer } from './viewers.js';

interface Group {
  /** Null: for all clients. */
  readonly clients: Subnet | null;
  readonly map: AddressMap;
}

const OPTION = '--advertise';

/** Under which addresses servers are shown to clients, where those by which we reach them will not do. */
export class AdvertisedAddresses {
  /** Subnets of clients that are shown other addresses than the rest. */
  readonly clients: readonly string[];
  readonly #groups: readonly Group[];

  /**
   * @param entries `SERVER[:PORT]=SHOWN[:PORT]` or `ADDRESS/BITS=SHOWN`, matched like `--map`, each
   * with ` @ ADDRESS/BITS` behind it if only clients of that subnet are meant.
   * @throws ProxyError `address_map_invalid`, naming the entry.
   */
  constructor(entries: readonly string[] = []) {
    const byClients = new Map<string, string[]>();
    for (const entry of entries) {
      const { rule, clients } = divided(entry);
      byClients.set(clients, [...(byClients.get(clients) ?? []), rule]);
    }
    this.clients = [...byClients.keys()].filter((clients) => clients !== '');
    this.#groups = [...byClients]
      .map(([clients, rules]) => ({
        clients: Subnet.parse(clients),
        map: new AddressMap(rules, OPTION),
      }))
      .sort((a, b) => (b.clients?.bits ?? -1) - (a.clients?.bits ?? -1));
  }

  /**
   * The narrowest subnet of clients that has an entry for the server counts.
   * @param hosts The server's address and names. @returns Null if no entry applies.
   */
  lookup(
    hosts: readonly string[],
    port: number,
    { subnet }: Viewer,
  ): Extract<Endpoint, { readonly kind: 'tcp' }> | null {
    for (const { clients, map } of this.#groups) {
      const applies = clients === null || (subnet !== null && clients.covers(subnet));
      const shown = applies ? map.lookup(hosts, port) : null;
      if (shown?.kind === 'tcp') {
        return shown;
      }
    }
    return null;
  }
}

function divided(entry: string): { readonly rule: string; readonly clients: string } {
  const [rule = '', clients = '', ...rest] = entry.split('@').map((part) => part.trim());
  if (rest.length > 0 || (entry.includes('@') && Subnet.parse(clients) === null)) {
    throw new ProxyError(
      'address_map_invalid',
      `${OPTION} ${entry}: behind @ stands one subnet of clients such as 10.2.0.0/16`,
    );
  }
  const parts = rule.split('=').map((part) => part.trim());
  if (parts[1]?.startsWith('/')) {
    throw new ProxyError(
      'address_map_invalid',
      `${OPTION} ${entry}: clients cannot be shown a unix socket`,
    );
  }
  return { rule: parts.join('='), clients };
}
