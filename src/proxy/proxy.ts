import type { DatabaseConfig, DeploymentConfig } from '../config/deployment.js';
import { deploymentChanges, nodesAfterReload } from '../config/deployment.js';
import type { HealthCheck } from '../http/health.js';
import type { Logger } from '../log/logger.js';
import type { MetricSnapshot } from '../metrics/sample.js';
import { DataPlane, trimMemory } from '../native/index.js';
import { SYSTEM_CLOCK } from '../topology/index.js';
import { askPeer } from './ask-peer.js';
import { databaseMetrics } from './database-metrics.js';
import type { Deployment } from './deployment.js';
import { deploymentOf } from './deployment-status.js';
import { type DrainedClients, drainClients, pause } from './drain.js';
import { ProxyHandover } from './handover.js';
import { livenessChecks } from './health-checks.js';
import { HostedDatabase, type Inheritance } from './hosted-database.js';
import { MemoryBudget } from './memory-budget.js';
import { Nodes } from './nodes.js';
import type { PeerReport } from './peer-watch.js';
import { planeMetrics } from './plane-metrics.js';

export interface ProxyDependencies {
  readonly log: Logger;
  readonly inherited?: Inheritance | undefined;
}

/** The databases of a deployment on the nodes that this process plays, over one data plane. */
export class SlotgateProxy {
  /** For those who look at it and change it while it runs. */
  readonly deployment: Deployment;
  readonly handover: ProxyHandover;
  readonly #inherited: Inheritance | undefined;
  readonly #plane: DataPlane;
  readonly #nodes: Nodes;
  readonly #memory: MemoryBudget;
  readonly #log: Logger;
  /** Databases that a reload took away, and that still have clients. */
  readonly #leaving = new Set<HostedDatabase>();
  #databases: readonly HostedDatabase[] = [];
  #lastId = -1;
  #config: DeploymentConfig;

  private constructor(config: DeploymentConfig, { log, inherited }: ProxyDependencies) {
    this.#inherited = inherited;
    this.#config = config;
    this.#log = log;
    this.#nodes = new Nodes(config.nodes, {
      hosted: config.hosted,
      clock: SYSTEM_CLOCK,
      log,
      ask: askPeer,
      changed: () => this.#nodesChanged(),
    });
    this.#plane = new DataPlane(config.process.threads, {
      onControl: (request) => this.#find(request.database)?.onControl(request),
      onEvent: (event) => this.#find(event.database)?.onEvent(event),
      onSlow: (request) => this.#find(request.database)?.onSlow(request),
    });
    this.#memory = new MemoryBudget(config.process.maxMemoryBytes, {
      clock: SYSTEM_CLOCK,
      log,
      residentBytes: () => process.memoryUsage.rss(),
      use: () => this.#plane.memoryUse(),
      setBudget: (bytes) => this.#plane.setMemoryBudget(bytes),
      trim: trimMemory,
    });
    this.deployment = deploymentOf(this.#nodes, () => this.#databases);
    this.handover = new ProxyHandover({
      databases: () => this.#databases,
      drain: (timeoutMs) => this.#drainAll(timeoutMs),
    });
  }

  /**
   * Binds the listeners, starts the workers and begins to look for the clusters. The endpoints of a
   * database open when a first usable topology of it is there, however long that takes.
   * @throws ProxyError if an address is in use, a seed or a mapping is malformed, …
   */
  static async start(
    config: DeploymentConfig,
    dependencies: ProxyDependencies,
  ): Promise<SlotgateProxy> {
    const proxy = new SlotgateProxy(config, dependencies);
    try {
      for (const database of config.databases) {
        await proxy.#add(database);
      }
      proxy.#nodes.start();
      proxy.#memory.start();
      return proxy;
    } catch (error) {
      await proxy.stop();
      throw error;
    }
  }

  /** Where clients can connect now. */
  get listenAddresses(): readonly string[] {
    return this.#databases.flatMap(({ placement }) => placement.endpoints.addresses);
  }

  /** Resolves when only opening the endpoints is left. Rejects as `whenListening` does. */
  async whenPrepared(): Promise<void> {
    await Promise.all(this.#databases.map((database) => database.whenPrepared()));
  }

  async whenListening(): Promise<void> {
    await Promise.all(this.#databases.map((database) => database.whenListening()));
  }

  readiness({ strictUpstream }: { readonly strictUpstream: boolean }): readonly HealthCheck[] {
    const isOnly = this.#databases.length === 1;
    return this.#databases.flatMap((database) =>
      database
        .readiness(strictUpstream)
        .map((check) => (isOnly ? check : { ...check, name: `${check.name}:${database.name}` })),
    );
  }

  liveness(): readonly HealthCheck[] {
    return livenessChecks(this.#plane.counters());
  }

  async metrics(): Promise<MetricSnapshot> {
    const { counters, gauges } = planeMetrics(this.#plane.counters());
    const ofDatabases = await databaseMetrics(this.#databases);
    return {
      counters: [...counters, ...ofDatabases.counters],
      gauges: [...gauges, ...this.#memory.metrics(), ...ofDatabases.gauges],
    };
  }

  /** For the processes of other nodes. */
  peerReport(): PeerReport {
    const listening = this.#config.hosted.map((node) => {
      const open = this.#databases.filter(
        ({ placement }) => placement.endpoints.of(node)?.state === 'listening',
      );
      return [node, open.map(({ name }) => name)];
    });
    return { isLeaving: this.#nodes.isEnding, listening: Object.fromEntries(listening) };
  }

  async reload(config: DeploymentConfig): Promise<readonly string[]> {
    const { restart } = deploymentChanges(this.#config, config);
    const { hosted, form, process } = this.#config;
    const known = config.databases.map((database, index) =>
      form === 'single'
        ? this.#databases[index]
        : this.#databases.find(({ name }) => name === database.databaseName),
    );
    // What needs a restart stays as it is.
    const nodes = nodesAfterReload(this.#config, config.nodes);
    this.#config = { ...config, hosted, nodes };
    this.#nodes.update(nodes);
    this.#memory.update(process.maxMemoryBytes);
    for (const database of this.#databases.filter((database) => !known.includes(database))) {
      void this.#remove(database);
    }
    for (const [index, database] of config.databases.entries()) {
      await this.#reloadDatabase({ ...database, threads: process.threads }, known[index]);
    }
    return restart;
  }

  /** Stops accepting after `shutdownDelayMs`, then closes clients, idle ones first. */
  async drain(options: {
    readonly shutdownDelayMs: number;
    readonly drainTimeoutMs: number;
  }): Promise<void> {
    const wereListening = this.#databases.map((database) => database.beginDraining());
    this.#nodes.end();
    if (!wereListening.includes(true)) {
      return;
    }
    for (const { placement } of this.#databases) {
      placement.announceEnd(Math.ceil(options.shutdownDelayMs / 1000));
    }
    await pause(SYSTEM_CLOCK, options.shutdownDelayMs);
    await Promise.all(this.#databases.map(({ placement }) => placement.shut()));
    await this.#drainAll(options.drainTimeoutMs);
  }

  async stop(): Promise<void> {
    this.#memory.stop();
    this.#nodes.stop();
    const databases = [...this.#databases, ...this.#leaving];
    const stopped = databases.map((database) => database.stop());
    this.#plane.stop();
    // The workers have let go of all sockets.
    await Promise.all(databases.map(({ placement }) => placement.shut()));
    await Promise.all(stopped);
  }

  /** @throws ProxyError, and nothing of it is left. */
  async #add(config: DatabaseConfig): Promise<void> {
    this.#lastId++;
    const database = new HostedDatabase(config, {
      id: this.#lastId,
      plane: this.#plane,
      nodes: this.#nodes,
      inherited: this.#inherited,
      log: this.#config.form === 'single' ? this.#log : logOf(config.databaseName, this.#log),
    });
    try {
      await database.reserve();
    } catch (error) {
      await database.stop();
      throw error;
    }
    this.#databases = [...this.#databases, database];
    database.start();
  }

  /** Its clients are drained, and the rest of the process goes on meanwhile. */
  async #remove(database: HostedDatabase): Promise<void> {
    this.#databases = this.#databases.filter((other) => other !== database);
    this.#leaving.add(database);
    await database.leave();
    this.#leaving.delete(database);
  }

  async #reloadDatabase(config: DatabaseConfig, known: HostedDatabase | undefined): Promise<void> {
    if (known !== undefined) {
      return known.reconfigure(config);
    }
    try {
      await this.#add(config);
    } catch (error) {
      const fields = { database: config.databaseName, reason: String(error) };
      this.#log.error('the database cannot be served', fields);
    }
  }

  #nodesChanged(): void {
    for (const database of this.#databases) {
      database.nodesChanged();
    }
  }

  #find(id: number): HostedDatabase | undefined {
    return [...this.#databases, ...this.#leaving].find((database) => database.id === id);
  }

  async #drainAll(timeoutMs: number): Promise<void> {
    await drainClients(this.#allClients(), timeoutMs, SYSTEM_CLOCK);
  }

  #allClients(): DrainedClients {
    return {
      // Connections that are yet to say in a PROXY header whose they are will be clients soon.
      count: async () => this.#plane.total('clients') + this.#plane.total('headers_awaited'),
      letLeave: (mostPerWorker) => this.#plane.letLeave(mostPerWorker),
      makeLeave: () => this.#plane.makeLeave(),
      unblock: async () => {
        await Promise.all(this.#databases.map((database) => database.unblockAll()));
      },
    };
  }
}

/** Lines of one among several databases name it. */
function logOf(database: string, log: Logger): Logger {
  return {
    debug: (message, fields) => log.debug(message, { database, ...fields }),
    info: (message, fields) => log.info(message, { database, ...fields }),
    warn: (message, fields) => log.warn(message, { database, ...fields }),
    error: (message, fields) => log.error(message, { database, ...fields }),
  };
}
