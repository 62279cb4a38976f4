import { ProxyError } from '../errors/index.js';
import type { Endpoint } from '../shards/index.js';
import type { AddressMap } from './address-map.js';
import {
  buildTopology,
  isSameTopology,
  type LocatedNode,
  locateNodes,
  mergeOpenSlots,
} from './build-topology.js';
import type { ViewCandidates } from './candidates.js';
import type { Clock } from './clock.js';
import type { ControlPool } from './control-pool.js';
import { type FetchedView, fetchView } from './fetch-view.js';
import { type GatheredViews, gatherViews } from './gather-views.js';
import type { RepeatedWarning, TopologyLog } from './log.js';
import type { RefreshBreadth } from './refresh-scheduler.js';
import type { NameResolver } from './resolver.js';
import { readNodeTimeout } from './server-facts.js';
import type { ClusterTopology } from './types.js';
import { type KnownCluster, type MergedNode, type MergedViews, mergeViews } from './views.js';

export interface DiscoveryOptions {
  readonly pool: ControlPool;
  readonly candidates: ViewCandidates;
  readonly addressMap: AddressMap;
  readonly resolver: NameResolver;
  readonly clock: Clock;
  readonly log: TopologyLog;
  readonly warning: RepeatedWarning;
}

type Doubt = 'cluster_unassigned' | 'view_incomplete';
type Failures = GatheredViews['failures'];

export type RefreshResult =
  | {
      readonly kind: 'ok';
      readonly topology: ClusterTopology;
      readonly changed: boolean;
      readonly views: readonly FetchedView[];
      readonly failures: Failures;
    }
  | { readonly kind: 'failed'; readonly failures: Failures };

const CALL_TIMEOUT_MS = 2_000;
/** For so long only views that see most of the cluster are believed. */
const INCOMPLETE_DISTRUST_MS = 1_000;

/** One refresh: asks, merges, decides whether to believe it, and builds the next snapshot. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #incompleteSinceMs: number | null = null;
  /** Undefined until a server has answered, also if only to say that it may not be read. */
  #nodeTimeoutMs: number | null | undefined;
  #located: readonly LocatedNode[] = [];
  #views: readonly FetchedView[] = [];
  #nodes: readonly MergedNode[] = [];

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  async refresh(breadth: RefreshBreadth, current: ClusterTopology | null): Promise<RefreshResult> {
    const startedAtMs = this.#options.clock.nowMs();
    const known = current === null ? null : knownCluster(current);
    const { views, failures } = await this.#gather(breadth, current, known);
    if (views.length === 0) {
      return { kind: 'failed', failures };
    }
    const merged = mergeViews(views, known);
    if (breadth === 'one' && (merged.isReplaced || !hasOwners(merged))) {
      // One node alone, perhaps a reset or a recycled one, is no witness for so much.
      return this.refresh('all', current);
    }
    const doubt = this.#doubt(merged, startedAtMs);
    if (doubt !== null) {
      const doubted = views.map((view) => [view.source, doubtOf(view, doubt)] as const);
      return { kind: 'failed', failures: new Map([...failures, ...doubted]) };
    }
    this.#tellAnomalies(merged, known);
    return this.#accept(merged, views, failures, startedAtMs, current);
  }

  /** Those of the last refresh that was believed. */
  get views(): readonly FetchedView[] {
    return this.#views;
  }

  /** Whether a name that the topology depends on now resolves to another address. */
  async hasMovedNames(): Promise<boolean> {
    const now = await this.#locate(this.#nodes, this.#views);
    return JSON.stringify(now) !== JSON.stringify(this.#located);
  }

  async #gather(
    breadth: RefreshBreadth,
    current: ClusterTopology | null,
    known: KnownCluster | null,
  ): Promise<GatheredViews> {
    const { candidates, clock } = this.#options;
    const gathered = await gatherViews({
      endpoints: candidates.choose(breadth, current),
      fetch: (endpoint) => this.#fetch(endpoint),
      isEnough: (views) => mergeViews(views, known).isComplete,
      clock,
    });
    for (const view of gathered.views) {
      candidates.succeeded(view.endpoint, view.nodeId);
    }
    for (const key of gathered.failures.keys()) {
      candidates.failed(key);
    }
    return gathered;
  }

  async #fetch(endpoint: Endpoint): Promise<FetchedView> {
    const connection = await this.#options.pool.get(endpoint);
    return fetchView(connection, CALL_TIMEOUT_MS);
  }

  /** Why the picture is not believed (yet), or null. */
  #doubt(merged: MergedViews, startedAtMs: number): Doubt | null {
    if (!hasOwners(merged)) {
      return 'cluster_unassigned';
    }
    if (merged.isComplete) {
      this.#incompleteSinceMs = null;
      return null;
    }
    this.#incompleteSinceMs ??= startedAtMs;
    const sinceMs = this.#options.clock.nowMs() - this.#incompleteSinceMs;
    return sinceMs >= INCOMPLETE_DISTRUST_MS ? null : 'view_incomplete';
  }

  #tellAnomalies(merged: MergedViews, known: KnownCluster | null): void {
    const { log, warning } = this.#options;
    if (merged.foreignSources.length > 0) {
      const sources = merged.foreignSources.join(', ');
      warning.warn({}, `${sources} is in another cluster than the other seeds: ignored`);
    }
    if (merged.isReplaced) {
      log.warn(
        { knownNodes: known?.nodeIds.size, currentEpoch: merged.currentEpoch },
        'most known nodes are gone: the cluster was replaced by another one, which is used from now on',
      );
    }
  }

  async #accept(
    merged: MergedViews,
    views: readonly FetchedView[],
    failures: Failures,
    startedAtMs: number,
    current: ClusterTopology | null,
  ): Promise<RefreshResult> {
    this.#views = views;
    this.#nodes = merged.nodes;
    this.#located = await this.#locate(merged.nodes, views);
    const openSlots = mergeOpenSlots(merged, views, current?.openSlots ?? []);
    const topology = buildTopology(merged, this.#located, openSlots, {
      version: (current?.version ?? 0) + 1,
      refreshStartedAtMs: startedAtMs,
      nodeTimeoutMs: await this.#nodeTimeout(views),
    });
    const changed = current === null || !isSameTopology(current, topology);
    return { kind: 'ok', topology, changed, views, failures };
  }

  async #nodeTimeout(views: readonly FetchedView[]): Promise<number | null> {
    const endpoint = views[0]?.endpoint;
    if (this.#nodeTimeoutMs === undefined && endpoint !== undefined) {
      try {
        this.#nodeTimeoutMs = await readNodeTimeout(await this.#options.pool.get(endpoint));
      } catch (error) {
        // Asked again at the next refresh; until then it counts as not known.
        const message = error instanceof Error ? error.message : String(error);
        this.#options.log.debug({ message }, 'cluster-node-timeout could not be read');
      }
    }
    return this.#nodeTimeoutMs ?? null;
  }

  #locate(
    nodes: readonly MergedNode[],
    views: readonly FetchedView[],
  ): Promise<readonly LocatedNode[]> {
    const { addressMap, resolver, warning } = this.#options;
    return locateNodes(nodes, {
      addressMap,
      resolver,
      views,
      onUnresolved: ({ message }) => warning.warn({}, message),
    });
  }
}

function knownCluster(topology: ClusterTopology): KnownCluster {
  const owners = topology.servers.filter((server) => server.hasSlots);
  return {
    nodeIds: new Set(topology.servers.map((server) => server.nodeId)),
    slotOwnerIds: new Set(owners.map((server) => server.nodeId)),
  };
}

function hasOwners(merged: MergedViews): boolean {
  return merged.slotOwners.some((id) => id !== null);
}

const DOUBTS: Readonly<Record<Doubt, string>> = {
  cluster_unassigned: 'the cluster has no slots assigned yet',
  view_incomplete: 'it sees too little of the cluster to be believed yet',
};

function doubtOf(view: FetchedView, doubt: Doubt): ProxyError {
  return new ProxyError(doubt, `${view.source}: ${DOUBTS[doubt]}`);
}
