import { type Endpoint, formatEndpoint } from '../shards/index.js';
import type { RefreshBreadth } from './refresh-scheduler.js';
import type { ClusterTopology } from './types.js';

const ASKED_AT_ONCE_MAX = 5;

/**
 * Chooses whom to ask for their view: seeds first, then primaries, then replicas, each server once
 * though it may be known by several addresses; those that failed last time come last.
 */
export class ViewCandidates {
  readonly #seeds: readonly Endpoint[];
  /** Node id by the formatted endpoint at which that node answered. */
  readonly #nodeIds = new Map<string, string>();
  readonly #failed = new Set<string>();
  #turn = 0;

  constructor(seeds: readonly Endpoint[]) {
    this.#seeds = seeds;
  }

  choose(breadth: RefreshBreadth, topology: ClusterTopology | null): readonly Endpoint[] {
    const all = this.#distinct([...this.#seeds, ...serverAddresses(topology)]);
    const hasFailed = (endpoint: Endpoint) => this.#failed.has(formatEndpoint(endpoint));
    const healthy = all.filter((endpoint) => !hasFailed(endpoint));
    if (breadth === 'all') {
      return [...healthy, ...all.filter(hasFailed)].slice(0, ASKED_AT_ONCE_MAX);
    }
    const pool = healthy.length > 0 ? healthy : all;
    const one = pool[this.#turn++ % pool.length];
    return one === undefined ? [] : [one];
  }

  succeeded(endpoint: Endpoint, nodeId: string): void {
    const key = formatEndpoint(endpoint);
    this.#nodeIds.set(key, nodeId);
    this.#failed.delete(key);
  }

  failed(key: string): void {
    this.#failed.add(key);
    this.#nodeIds.delete(key);
  }

  /** Keeps what is remembered as small as the cluster. */
  forgetAllBut(topology: ClusterTopology): void {
    const present = new Set([...this.#seeds, ...serverAddresses(topology)].map(formatEndpoint));
    for (const key of [...this.#nodeIds.keys(), ...this.#failed]) {
      if (!present.has(key)) {
        this.#nodeIds.delete(key);
        this.#failed.delete(key);
      }
    }
  }

  #distinct(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const byIdentity = new Map<string, Endpoint>();
    for (const endpoint of endpoints) {
      const key = formatEndpoint(endpoint);
      const identity = this.#nodeIds.get(key) ?? key;
      byIdentity.set(identity, byIdentity.get(identity) ?? endpoint);
    }
    return [...byIdentity.values()];
  }
}

function serverAddresses(topology: ClusterTopology | null): readonly Endpoint[] {
  const servers = topology?.servers ?? [];
  const primaries = servers.filter((server) => server.role === 'primary');
  const replicas = servers.filter((server) => server.role === 'replica');
  return [...primaries, ...replicas].map((server) => server.address);
}
