import { ProxyError } from '../errors/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import { type Credentials, type Endpoint, formatEndpoint } from '../shards/index.js';
import type { AddressMap } from './address-map.js';
import { ViewCandidates } from './candidates.js';
import type { Clock } from './clock.js';
import { ControlPool } from './control-pool.js';
import { Discovery, type RefreshResult } from './discovery.js';
import type { FetchedView } from './fetch-view.js';
import { RepeatedWarning, type TopologyLog } from './log.js';
import { primariesOf } from './primaries.js';
import { probePrimaries, type UnreachableServer } from './reachability.js';
import {
  type RefreshBreadth,
  type RefreshOutcome,
  type RefreshRun,
  RefreshScheduler,
} from './refresh-scheduler.js';
import type { NameResolver } from './resolver.js';
import { type SeedError, SeedErrors } from './seed-errors.js';
import { asksForPassword } from './server-facts.js';
import { SteadyCheck, type Watch } from './steady-check.js';
import type { ClusterTopology, ServerNode } from './types.js';

export interface TopologyMonitorOptions {
  /** At least one. */
  readonly seeds: readonly Endpoint[];
  readonly credentials: Credentials;
  readonly addressMap: AddressMap;
  readonly resolver: NameResolver;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly log: TopologyLog;
}

export interface RefreshReason {
  readonly kind: 'moved' | 'link-lost' | 'unknown-endpoint' | 'cluster-down' | 'steady' | 'manual';
  /** For the log: which slot, which endpoint. */
  readonly detail: string;
}

/** `searching` until the first usable topology; after that `ready`, also while servers are down. */
export type MonitorStatus =
  | {
      readonly kind: 'searching';
      readonly sinceMs: number;
      readonly seedErrors: readonly SeedError[];
    }
  | {
      readonly kind: 'ready';
      readonly version: number;
      readonly lastRefreshAtMs: number;
      /** Those who failed when they were last asked, seeds or other members. */
      readonly seedErrors: readonly SeedError[];
      readonly unreachable: readonly UnreachableServer[];
    };

/**
 * @param changed False if this snapshot routes as the one before: it was asked for, and is only newer.
 */
export type TopologyListener = (topology: ClusterTopology, changed: boolean) => void;

const CONNECTION_IDLE_MS = 30_000;
const COMMAND_SOURCES_MAX = 2;
/** The default user is looked at once in so many periods: it takes a new connection. */
const DEFAULT_USER_PERIODS = 6;

/** Finds the cluster, keeps its topology up to date, and reads from its servers for the proxy itself. */
export class TopologyMonitor {
  readonly #options: TopologyMonitorOptions;
  readonly #pool: ControlPool;
  readonly #candidates: ViewCandidates;
  readonly #discovery: Discovery;
  readonly #scheduler: RefreshScheduler;
  readonly #steady: SteadyCheck;
  readonly #warning: RepeatedWarning;
  readonly #listeners = new Set<TopologyListener>();
  readonly #userListeners = new Set<() => void>();
  readonly #background = new Set<Promise<void>>();
  #topology: ClusterTopology | null = null;
  #startedAtMs = 0;
  #lastRefreshAtMs = 0;
  readonly #seedErrors: SeedErrors;
  #isFailing = false;
  #periods = 0;
  #isStopped = false;
  #unreachable: readonly UnreachableServer[] = [];
  #defaultUserNeedsPassword: boolean | undefined;

  constructor(options: TopologyMonitorOptions) {
    const { clock, log, seeds } = options;
    this.#options = options;
    this.#pool = new ControlPool(options);
    this.#candidates = new ViewCandidates(seeds);
    this.#seedErrors = new SeedErrors(seeds);
    this.#warning = new RepeatedWarning(log, clock);
    this.#discovery = new Discovery({
      ...options,
      pool: this.#pool,
      candidates: this.#candidates,
      warning: this.#warning,
    });
    this.#scheduler = new RefreshScheduler(clock, (run) => this.#refresh(run));
    this.#steady = new SteadyCheck({
      clock,
      pool: this.#pool,
      choose: (current, watch) => this.#chooseWatched(current, watch),
      onSuspicion: (detail) => this.requestRefresh({ kind: 'steady', detail }),
      onPeriod: () => this.#atPeriod(),
    });
  }

  /** Begins to search, and goes on until it has found the cluster, however long that takes. */
  start(): void {
    this.#startedAtMs = this.#options.clock.nowMs();
    this.#scheduler.request();
  }

  /** Ends every timer and connection. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#pool.close();
    await Promise.all([this.#scheduler.stop(), this.#steady.stop(), ...this.#background]);
  }

  /** @returns What ends the subscription. A topology that is already there is not repeated. */
  onTopology(listener: TopologyListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param listener Called when it is learned whether clients need a password, and when that changes. */
  onDefaultUser(listener: () => void): void {
    this.#userListeners.add(listener);
  }

  get topology(): ClusterTopology | null {
    return this.#topology;
  }

  /** Asks for a snapshot whose refresh starts after this call. Cheap: any number of calls share one. */
  requestRefresh(reason: RefreshReason): void {
    this.#options.log.debug({ reason }, 'topology refresh requested');
    if (reason.kind === 'link-lost' || reason.kind === 'manual') {
      this.#options.resolver.expireAll();
    }
    this.#scheduler.request();
  }

  /** While requests are held, one node at a time is polled until the topology lets them go. */
  setHolding(isHolding: boolean): void {
    this.#scheduler.setHolding(isHolding);
  }

  /** How closely the cluster is watched for changes that no request meets. */
  watch(watch: Watch): void {
    this.#steady.watch(watch);
  }

  status(): MonitorStatus {
    const seedErrors = this.#seedErrors.list();
    return this.#topology === null
      ? { kind: 'searching', sinceMs: this.#startedAtMs, seedErrors }
      : {
          kind: 'ready',
          version: this.#topology.version,
          lastRefreshAtMs: this.#lastRefreshAtMs,
          seedErrors,
          unreachable: this.#unreachable,
        };
  }

  /** Looks again whether clients need a password: the servers have refused one. */
  probeDefaultUser(): void {
    const { address } = healthyPrimaries(this.#known())[0] ?? {};
    if (address !== undefined && !this.#isStopped) {
      this.#inBackground(this.#learnDefaultUser(address));
    }
  }

  /** Whether a client without AUTH gets NOAUTH from the servers; undefined until that is known. */
  defaultUserNeedsPassword(): boolean | undefined {
    return this.#defaultUserNeedsPassword;
  }

  /**
   * Runs a command of the proxy itself, never one of a client: it has the rights of the proxy's user.
   * @param target A node id, or any primary that is up.
   * @throws ProxyError `topology_missing`, `node_unknown`, or why the call failed.
   */
  async execute(target: string | 'any-primary', args: CommandArguments): Promise<RespReply> {
    const connection = await this.#pool.get(this.#addressOf(target));
    return connection.call(args);
  }

  /** The replies of COMMAND from up to two primaries, whose modules may differ. */
  async fetchCommands(): Promise<readonly RespReply[]> {
    const primaries = healthyPrimaries(this.#known()).slice(0, COMMAND_SOURCES_MAX);
    const results = await Promise.allSettled(
      primaries.map(({ nodeId }) => this.execute(nodeId, ['COMMAND'])),
    );
    const replies = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (replies.length === 0 && failed !== undefined) {
      throw failed.reason;
    }
    return replies;
  }

  async #refresh(run: RefreshRun): Promise<RefreshOutcome> {
    const result = await this.#discovery.refresh(run.breadth, this.#topology);
    if (this.#isStopped) {
      return 'failed';
    }
    this.#note(result, run.breadth);
    if (result.kind === 'failed') {
      return 'failed';
    }
    this.#lastRefreshAtMs = this.#options.clock.nowMs();
    this.#steady.arm();
    if (result.changed || run.isRequested) {
      this.#publish(result.topology, result.changed);
    }
    if (result.changed) {
      this.#inBackground(this.#learnAbout(result.topology, result.views));
    }
    return result.changed ? 'changed' : 'same';
  }

  #note(result: RefreshResult, breadth: RefreshBreadth): void {
    for (const { code, message } of this.#seedErrors.note(result)) {
      this.#warning.warn({ code }, message);
    }
    if (breadth === 'all') {
      const isFailing = result.kind === 'failed';
      if (this.#isFailing && !isFailing && this.#topology !== null) {
        this.#options.log.info({}, 'the cluster answers again');
      }
      this.#isFailing = isFailing;
    }
  }

  #publish(topology: ClusterTopology, changed: boolean): void {
    const isFirst = this.#topology === null;
    this.#topology = topology;
    this.#candidates.forgetAllBut(topology);
    this.#seedErrors.keepOnly(topology);
    if (changed) {
      const { version, currentEpoch, shards, servers } = topology;
      const fields = { version, currentEpoch, shards: shards.length, servers: servers.length };
      this.#options.log.info(fields, isFirst ? 'cluster found' : 'topology changed');
    }
    for (const listener of this.#listeners) {
      listener(topology, changed);
    }
  }

  async #learnAbout(topology: ClusterTopology, views: readonly FetchedView[]): Promise<void> {
    await Promise.all([this.#probe(topology, views), this.#learnDefaultUser(views[0]?.endpoint)]);
  }

  async #probe(topology: ClusterTopology, views: readonly FetchedView[]): Promise<void> {
    this.#unreachable = await probePrimaries(topology, views);
    for (const { announced, message } of this.#unreachable) {
      this.#warning.warn({ announced }, message);
    }
  }

  async #learnDefaultUser(endpoint: Endpoint | undefined): Promise<void> {
    if (endpoint === undefined) {
      return;
    }
    try {
      const answer = await asksForPassword(endpoint, this.#options.connectTimeoutMs);
      const before = this.#defaultUserNeedsPassword;
      this.#defaultUserNeedsPassword = answer ?? before;
      if (this.#defaultUserNeedsPassword !== before) {
        for (const listener of this.#userListeners) {
          listener();
        }
      }
    } catch (error) {
      // What was known stays true until a server says otherwise.
      const message = error instanceof Error ? error.message : String(error);
      this.#options.log.debug({ message }, 'the default user could not be probed');
    }
  }

  /** The same node as before while it is a healthy member, so that one link is enough, or the next one. */
  #chooseWatched(current: Endpoint | null, watch: Watch): Endpoint | null {
    const servers = this.#topology?.servers ?? [];
    const healthy = servers.filter(({ flags }) => flags.length === 0).map((s) => s.address);
    const key = current === null ? null : formatEndpoint(current);
    const place = healthy.findIndex((address) => formatEndpoint(address) === key);
    if (place === -1) {
      return healthy[Math.floor(this.#options.clock.random() * healthy.length)] ?? null;
    }
    return healthy[watch === 'close' ? (place + 1) % healthy.length : place] ?? null;
  }

  async #atPeriod(): Promise<void> {
    this.#pool.closeIdle(CONNECTION_IDLE_MS);
    // A password may have been set, or taken away, at run time.
    this.#periods++;
    const isDue = this.#periods % DEFAULT_USER_PERIODS === 0;
    if (this.#topology !== null && (isDue || this.#defaultUserNeedsPassword === undefined)) {
      await this.#learnDefaultUser(healthyPrimaries(this.#topology)[0]?.address);
    }
    if (this.#topology !== null && this.#unreachable.length > 0) {
      await this.#probe(this.#topology, this.#discovery.views);
    }
    // Names may have moved without any change in the cluster's own view.
    if (this.#topology !== null && (await this.#discovery.hasMovedNames())) {
      this.requestRefresh({ kind: 'steady', detail: 'a host name has another address' });
    }
  }

  #inBackground(work: Promise<void>): void {
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
  }

  #addressOf(target: string): Endpoint {
    const topology = this.#known();
    const server =
      target === 'any-primary'
        ? healthyPrimaries(topology)[0]
        : topology.servers.find(({ nodeId }) => nodeId === target);
    if (server === undefined) {
      throw new ProxyError(
        'node_unknown',
        `${target}: no such node in topology ${topology.version}`,
      );
    }
    return server.address;
  }

  #known(): ClusterTopology {
    if (this.#topology === null) {
      const seeds = this.#options.seeds.map(formatEndpoint).join(', ');
      throw new ProxyError('topology_missing', `no topology has been loaded yet from ${seeds}`);
    }
    return this.#topology;
  }
}

/** Primaries that own slots, those in good health first. */
function healthyPrimaries(topology: ClusterTopology): readonly ServerNode[] {
  const primaries = primariesOf(topology);
  return [
    ...primaries.filter(({ flags }) => !flags.includes('fail')),
    ...primaries.filter(({ flags }) => flags.includes('fail')),
  ];
}
