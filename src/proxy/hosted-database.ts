import type { DatabaseConfig } from '../config/deployment.js';
import type { HealthCheck } from '../http/health.js';
import type { Logger } from '../log/logger.js';
import type { MetricSnapshot } from '../metrics/sample.js';
import type {
  ControlRequest,
  DataPlane,
  DataPlaneEvent,
  InheritedSockets,
  SlowRequest,
} from '../native/index.js';
import type { PlacementSettings } from '../placement/index.js';
import { formatEndpoint } from '../shards/index.js';
import { type ClusterTopology, SYSTEM_CLOCK, type TopologyMonitor } from '../topology/index.js';
import { Database } from './database.js';
import { DatabasePlacement } from './database-placement.js';
import type { ChangeOutcome } from './deployment.js';
import { drainClients, pause } from './drain.js';
import type { EndpointClients } from './endpoint.js';
import { endpointClients } from './endpoint-clients.js';
import { readinessChecks } from './health-checks.js';
import { LoadedModules } from './loaded-modules.js';
import { createMonitor, ownCredentials } from './monitors.js';
import type { Nodes } from './nodes.js';
import { ServerCircuits } from './server-circuits.js';

/** How long endpoints wait to learn whether clients have to log in. */
const LOGIN_RULE_WAIT_MS = 5_000;
const LOGIN_RULE_CHECK_MS = 20;

export type DatabaseState = 'starting' | 'listening' | 'draining' | 'stopped';

export interface HostedDatabaseOptions {
  /** Its number in the data plane. */
  readonly id: number;
  readonly plane: DataPlane;
  readonly nodes: Nodes;
  readonly log: Logger;
  readonly inherited?: Inheritance | undefined;
}

/** What a process has from the one before it. */
export interface Inheritance {
  readonly sockets: InheritedSockets;
  /** Endpoints open when this is over. */
  readonly mayOpen: Promise<void>;
}

/** One database in this process: its cluster, its clients and its endpoints, from start to stop. */
export class HostedDatabase {
  readonly id: number;
  readonly monitor: TopologyMonitor;
  readonly placement: DatabasePlacement;
  readonly circuits = new ServerCircuits();
  readonly #plane: DataPlane;
  readonly #log: Logger;
  readonly #database: Database;
  readonly #modules: LoadedModules;
  readonly #mayOpen: Promise<void>;
  readonly #listening: Promise<void>;
  readonly #prepared: Promise<void>;
  #isPrepared: () => void = () => undefined;
  #opened: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #config: DatabaseConfig;
  #state: DatabaseState = 'starting';

  /** @throws ProxyError if a seed or a mapping is malformed. */
  constructor(config: DatabaseConfig, options: HostedDatabaseOptions) {
    const { id, plane, nodes, log, inherited } = options;
    const own = { ...config, upstreamCredentials: ownCredentials(config) };
    this.id = id;
    this.#config = own;
    this.#plane = plane;
    this.#log = log;
    this.monitor = createMonitor(own, log);
    this.#listening = new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
    });
    this.#prepared = new Promise((resolve) => {
      this.#isPrepared = resolve;
    });
    this.#mayOpen = inherited?.mayOpen ?? Promise.resolve();
    // Whoever waits for it is told; nobody has to.
    this.#listening.catch(() => undefined);
    this.#modules = new LoadedModules({ monitor: this.monitor, log });
    this.placement = new DatabasePlacement(own, {
      id,
      plane,
      nodes,
      clock: SYSTEM_CLOCK,
      log,
      monitor: this.monitor,
      inherited: inherited?.sockets,
      unblockThose: (presentations) => this.#database.blocked.unblockThose(presentations),
      mayBlock: (presentations) => this.#database.blocked.mayBlock(presentations),
      modules: () => this.#modules.names,
    });
    this.#database = new Database(own, {
      id,
      plane,
      monitor: this.monitor,
      log,
      presentation: (number) => this.placement.presenter.viewOf(number),
    });
    this.monitor.onTopology((topology, changed) => this.#adopt(topology, changed));
    this.monitor.onDefaultUser(() => this.#database.publishSettings());
  }

  get config(): DatabaseConfig {
    return this.#config;
  }

  get name(): string {
    return this.#config.databaseName;
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** Takes the addresses of its endpoints. @throws ProxyError if one cannot be used. */
  reserve(): Promise<void> {
    return this.placement.endpoints.reserve();
  }

  /** Begins to look for the cluster. Endpoints open when a first usable topology is there. */
  start(): void {
    this.monitor.start();
  }

  /** Resolves when clients can connect, as far as they are to do so here. */
  whenListening(): Promise<void> {
    return this.#listening;
  }

  /** Resolves when only opening the endpoints is left. Rejects as `whenListening` does. */
  whenPrepared(): Promise<void> {
    return Promise.race([this.#prepared, this.#listening]);
  }

  readiness(strictUpstream: boolean): readonly HealthCheck[] {
    return readinessChecks({
      state: this.#state,
      addresses: this.placement.endpoints.addresses,
      problems: this.placement.endpoints.problems,
      status: this.monitor.status(),
      topology: this.monitor.topology,
      strictUpstream,
    });
  }

  memoryMetrics(): MetricSnapshot {
    return this.#database.memory.metrics(this.name);
  }

  countClients(): Promise<number> {
    return this.#allClients().count();
  }

  onControl(request: ControlRequest): void {
    this.#database.onControl(request);
  }

  onEvent(event: DataPlaneEvent): void {
    if (event.kind === 'circuit') {
      this.circuits.note(event);
    } else {
      this.#database.onEvent(event);
    }
  }

  onSlow(request: SlowRequest): void {
    this.#database.onSlow(request);
  }

  /** As `Deployment.change`. */
  change(change: Partial<PlacementSettings>): ChangeOutcome {
    const outcome = this.placement.change(change);
    this.#database.adoptMode(this.placement.settings.mode);
    return outcome;
  }

  /** Nodes have come, gone, or changed their state. */
  nodesChanged(): void {
    void this.placement.update();
  }

  async reconfigure(config: DatabaseConfig): Promise<void> {
    // What needs a restart stays as it is, also where live settings are computed from it.
    const { threads, listen, endpoints, port, clientAuth, upstreamCredentials } = this.#config;
    const kept = { threads, listen, endpoints, port, clientAuth, upstreamCredentials };
    this.#config = { ...config, ...kept };
    this.placement.reconfigure(this.#config);
    await this.#database.reconfigure({ ...this.#config, mode: this.placement.settings.mode });
  }

  /** It is no longer ready; connections are still accepted. @returns Whether it listened. */
  beginDraining(): boolean {
    const wasListening = this.#state === 'listening';
    this.#state = 'draining';
    return wasListening;
  }

  /** Ends the waits of blocking commands, so that their clients can be closed between two requests. */
  unblockAll(): Promise<void> {
    return this.#database.blocked.unblockAll();
  }

  /** The configuration has it no more: closes its endpoints, drains its clients, and stops. */
  async leave(): Promise<void> {
    this.beginDraining();
    await this.placement.shut();
    await drainClients(this.#allClients(), this.#config.drainTimeoutMs, SYSTEM_CLOCK);
    await this.#allClients().closeAll();
    this.#database.leave();
    await this.stop();
  }

  /** Ends everything but the data plane's part. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#opened?.reject(new Error('the proxy was stopped before it listened'));
    this.placement.stop();
    this.#database.stop();
    await this.monitor.stop();
  }

  #adopt(topology: ClusterTopology, changed: boolean): void {
    this.#database.adopt(topology);
    this.circuits.keepOnly(topology.servers.map(({ address }) => formatEndpoint(address)));
    if (changed) {
      if (this.#state === 'listening') {
        void this.#modules.refresh();
      }
      void this.placement.update();
    } else {
      this.placement.renew(topology);
    }
    const opened = this.#opened;
    if (opened === undefined || this.#state !== 'starting') {
      return;
    }
    this.#opened = undefined;
    this.#open().then(opened.resolve, (error: unknown) => {
      this.#log.error('the listeners could not be opened', { reason: String(error) });
      opened.reject(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async #open(): Promise<void> {
    await Promise.all([this.#database.learnCommands(), this.#modules.refresh()]);
    await this.#learnLoginRule();
    this.#database.publishSettings();
    this.#isPrepared();
    await this.#mayOpen;
    if (this.#state !== 'starting') {
      return;
    }
    if (this.#config.preconnect) {
      this.#plane.preconnect(this.id);
    }
    await this.placement.open();
    if (this.#state === 'starting') {
      this.#state = 'listening';
    }
  }

  #allClients(): EndpointClients {
    return endpointClients({
      database: this.id,
      plane: this.#plane,
      presentations: () => this.placement.presenter.clienteles,
      unblock: () => this.unblockAll(),
      mayBlock: () => undefined,
      announceMove: () => undefined,
    });
  }

  /** A client that may not do without a password must not be let in before that is known. */
  async #learnLoginRule(): Promise<void> {
    const deadline = performance.now() + LOGIN_RULE_WAIT_MS;
    while (
      this.monitor.defaultUserNeedsPassword() === undefined &&
      this.#state === 'starting' &&
      performance.now() < deadline
    ) {
      await pause(SYSTEM_CLOCK, LOGIN_RULE_CHECK_MS);
    }
  }
}
