import { formatAddress } from '../config/addresses.js';
import type { DeploymentConfig } from '../config/deployment.js';
import { changedSettings, type EffectiveConfig } from '../config/effective-config.js';
import type { HealthCheck } from '../http/health.js';
import type { Logger } from '../log/logger.js';
import type { MetricSnapshot } from '../metrics/sample.js';
import { DataPlane } from '../native/index.js';
import { parseSeed } from '../shards/index.js';
import {
  AddressMap,
  type ClusterTopology,
  NameResolver,
  SYSTEM_CLOCK,
  TopologyMonitor,
} from '../topology/index.js';
import { Database } from './database.js';
import { drainClients, pause } from './drain.js';
import { livenessChecks, readinessChecks } from './health-checks.js';
import { Listeners } from './listeners.js';
import { planeMetrics } from './plane-metrics.js';

/** The only database of `slotgate proxy`. */
const DATABASE = 0;
/** How long the listener waits to learn whether clients have to log in. */
const LOGIN_RULE_WAIT_MS = 5_000;
const LOGIN_RULE_CHECK_MS = 20;

export interface ProxyDependencies {
  readonly log: Logger;
}

type ProxyState = 'starting' | 'listening' | 'draining' | 'stopped';

/** One database, its data plane and its listeners, from start to stop. */
export class SlotgateProxy {
  readonly #plane: DataPlane;
  readonly #monitor: TopologyMonitor;
  readonly #database: Database;
  readonly #listeners: Listeners;
  readonly #log: Logger;
  readonly #listening: Promise<void>;
  #state: ProxyState = 'starting';
  #config: EffectiveConfig;
  #opened: { resolve: () => void; reject: (error: Error) => void } | undefined;

  private constructor(config: EffectiveConfig, listeners: Listeners, { log }: ProxyDependencies) {
    const own = { ...config, upstreamCredentials: ownCredentials(config) };
    this.#config = own;
    this.#log = log;
    this.#listeners = listeners;
    this.#monitor = createMonitor(own, log);
    this.#plane = new DataPlane(config.threads, {
      onControl: (request) => this.#database.onControl(request),
      onEvent: (event) => this.#database.onEvent(event),
      onSlow: (request) => this.#database.onSlow(request),
    });
    this.#database = new Database(DATABASE, own, this.#plane, this.#monitor, log);
    this.#listening = new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
    });
    // Whoever waits for it is told; nobody has to.
    this.#listening.catch(() => undefined);
    this.#monitor.onTopology((topology) => this.#adopt(topology));
    this.#monitor.onDefaultUser(() => this.#database.publishSettings());
  }

  /**
   * Binds the listeners, starts the workers and begins to look for the cluster. The listeners open
   * when a first usable topology is there, however long that takes.
   * @throws ProxyError if an address is in use, a seed or a mapping is malformed, …
   */
  static async start(
    deployment: DeploymentConfig,
    dependencies: ProxyDependencies,
  ): Promise<SlotgateProxy> {
    const config = onlyDatabase(deployment);
    const listeners = await Listeners.bind({
      addresses: config.listen,
      workers: config.threads,
      backlog: config.tcpBacklog,
      unixSocketMode: config.unixSocketMode,
    });
    try {
      const proxy = new SlotgateProxy(config, listeners, dependencies);
      proxy.#monitor.start();
      return proxy;
    } catch (error) {
      listeners.release();
      throw error;
    }
  }

  get listenAddresses(): readonly string[] {
    return this.#config.listen.map(formatAddress);
  }

  whenListening(): Promise<void> {
    return this.#listening;
  }

  readiness({ strictUpstream }: { readonly strictUpstream: boolean }): readonly HealthCheck[] {
    return readinessChecks({
      state: this.#state,
      addresses: this.listenAddresses,
      status: this.#monitor.status(),
      topology: this.#monitor.topology,
      strictUpstream,
    });
  }

  liveness(): readonly HealthCheck[] {
    return livenessChecks(this.#plane.counters());
  }

  metrics(): MetricSnapshot {
    return planeMetrics(this.#plane.counters());
  }

  async reload(deployment: DeploymentConfig): Promise<readonly string[]> {
    const config = onlyDatabase(deployment);
    const { restart } = changedSettings(this.#config, config);
    // What needs a restart stays as it is, also where live settings are computed from it.
    const { threads, listen, clientAuth, upstreamCredentials } = this.#config;
    this.#config = { ...config, threads, listen, clientAuth, upstreamCredentials };
    await this.#database.reconfigure(this.#config);
    return restart;
  }

  /** Stops accepting after `shutdownDelayMs`, then closes clients, idle ones first. */
  async drain(options: {
    readonly shutdownDelayMs: number;
    readonly drainTimeoutMs: number;
  }): Promise<void> {
    const hadClients = this.#state === 'listening';
    this.#state = 'draining';
    if (!hadClients) {
      return;
    }
    await pause(options.shutdownDelayMs);
    await this.#listeners.close(this.#plane);
    await drainClients(this.#plane, options.drainTimeoutMs, () => this.#database.unblockAll());
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#opened?.reject(new Error('the proxy was stopped before it listened'));
    this.#database.stop();
    this.#plane.stop();
    this.#listeners.release();
    await this.#monitor.stop();
  }

  #adopt(topology: ClusterTopology): void {
    this.#database.adopt(topology);
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
    await this.#database.learnCommands();
    await this.#learnLoginRule();
    this.#database.publishSettings();
    if (this.#state !== 'starting') {
      return;
    }
    if (this.#config.preconnect) {
      this.#plane.preconnect(DATABASE);
    }
    this.#listeners.open(this.#plane, DATABASE);
    this.#state = 'listening';
  }

  /** A client that may not do without a password must not be let in before that is known. */
  async #learnLoginRule(): Promise<void> {
    const deadline = performance.now() + LOGIN_RULE_WAIT_MS;
    while (
      this.#monitor.defaultUserNeedsPassword() === undefined &&
      this.#state === 'starting' &&
      performance.now() < deadline
    ) {
      await pause(LOGIN_RULE_CHECK_MS);
    }
  }
}

function onlyDatabase({ databases }: DeploymentConfig): EffectiveConfig {
  const [database] = databases;
  if (database === undefined) throw new Error('a deployment has a database');
  return database;
}

/** A seed may name the proxy's user; the setting has the last word. */
function ownCredentials(config: EffectiveConfig): EffectiveConfig['upstreamCredentials'] {
  const seeded = config.seeds.map(parseSeed).find(({ username }) => username !== null)?.username;
  return config['upstream.username'] === undefined && typeof seeded === 'string'
    ? config.upstreamCredentials.withUsername(seeded)
    : config.upstreamCredentials;
}

function createMonitor(config: EffectiveConfig, log: Logger): TopologyMonitor {
  return new TopologyMonitor({
    seeds: config.seeds.map((seed) => parseSeed(seed).endpoint),
    credentials: config.upstreamCredentials,
    addressMap: new AddressMap(config.map),
    resolver: new NameResolver(SYSTEM_CLOCK),
    clock: SYSTEM_CLOCK,
    connectTimeoutMs: config.connectTimeoutMs,
    log: {
      debug: (fields, message) => log.debug(message, { ...fields }),
      info: (fields, message) => log.info(message, { ...fields }),
      warn: (fields, message) => log.warn(message, { ...fields }),
      error: (fields, message) => log.error(message, { ...fields }),
    },
  });
}
