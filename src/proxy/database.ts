import { hostname } from 'node:os';
import { type CommandPolicy, handleControl, type PresentationView } from '../commands/index.js';
import type { EffectiveConfig } from '../config/effective-config.js';
import type { Logger } from '../log/logger.js';
import type {
  ControlAnswer,
  ControlRequest,
  DatabaseSettings,
  DataPlane,
  DataPlaneEvent,
  PlaneLimits,
  SlowRequest,
} from '../native/index.js';
import type { Mode } from '../placement/index.js';
import { encodeCommand, errorReply } from '../resp/index.js';
import { type ClusterTopology, SYSTEM_CLOCK, type TopologyMonitor } from '../topology/index.js';
import type { BlockedCommands } from './blocked-commands.js';
import { ControlContexts } from './control-contexts.js';
import { DatabaseMemory } from './database-memory.js';
import { DatabaseUsers } from './database-users.js';
import { executeOnPrimaries } from './execute-on-primaries.js';
import { FunctionCopier } from './functions.js';
import { HoldingWatch } from './holding-watch.js';
import { toPlaneLimits } from './limits.js';
import { reactTo } from './plane-events.js';
import { PublishedCommands } from './published-commands.js';
import { ReplicaReads } from './replica-reads.js';
import { NO_ROUTES, toRouteSnapshot } from './routes.js';
import { Scripts } from './scripts.js';
import { answerAuth, answerHello, internalError, reply } from './session.js';

export interface DatabaseOptions {
  /** Its number in the data plane. */
  readonly id: number;
  readonly plane: DataPlane;
  readonly monitor: TopologyMonitor;
  readonly log: Logger;
  /** What clients see, by the number of the presentation. */
  readonly presentation: (number: number) => PresentationView;
}

/** A database: one cluster, its command table and users, and what its clients ask of TypeScript. */
export class Database {
  readonly memory: DatabaseMemory;
  readonly #id: number;
  readonly #plane: DataPlane;
  readonly #monitor: TopologyMonitor;
  readonly #log: Logger;
  readonly #users: DatabaseUsers;
  readonly #commands: PublishedCommands;
  readonly #contexts: ControlContexts;
  readonly #scripts: Scripts;
  readonly #functions: FunctionCopier;
  readonly #holding: HoldingWatch;
  readonly #replicaReads: ReplicaReads;
  #config: EffectiveConfig;
  #publishedSettings = '';

  constructor(config: EffectiveConfig, options: DatabaseOptions) {
    const { id, plane, monitor, log } = options;
    this.#id = id;
    this.#config = config;
    this.#plane = plane;
    this.#monitor = monitor;
    this.#log = log;
    this.#users = new DatabaseUsers({
      config,
      monitor,
      log,
      changed: () => plane.setSettings(id, this.#settings()),
      askPrimaries: (args) => executeOnPrimaries(monitor, args),
      closeClientsOf: (user) => plane.closeClientsOf(id, user),
    });
    this.#commands = new PublishedCommands(commandPolicy(config), {
      database: id,
      plane,
      monitor,
      log,
    });
    const execute = monitor.execute.bind(monitor);
    this.#scripts = new Scripts({ database: id, plane, execute, log });
    this.#functions = new FunctionCopier({ execute, log });
    this.#holding = new HoldingWatch({
      clock: SYSTEM_CLOCK,
      heldNow: () => plane.total('held_now'),
      setHolding: (isHolding) => monitor.setHolding(isHolding),
    });
    this.#replicaReads = new ReplicaReads(config, {
      clock: SYSTEM_CLOCK,
      log,
      execute,
      refresh: (reason) => monitor.requestRefresh(reason),
      changed: () => this.#publishRoutes(),
    });
    this.#contexts = new ControlContexts({
      database: id,
      plane,
      monitor,
      commands: this.#commands,
      users: this.#users,
      scripts: this.#scripts,
      presentation: options.presentation,
      config: () => this.#config,
      limits: () => this.#limits(),
    });
    plane.addDatabase(id, this.#settings());
    this.memory = new DatabaseMemory(config.maxDatabaseMemoryBytes, {
      clock: SYSTEM_CLOCK,
      log,
      use: () => plane.databaseMemoryUse(id),
    });
  }

  /** Routes by this topology from the next turn on. */
  adopt(topology: ClusterTopology): void {
    this.publishSettings();
    void this.#functions.adopt(topology);
    this.#replicaReads.adopt(topology);
    this.#publishRoutes();
  }

  /** Publishes the command table, with what the servers' modules add to it. */
  learnCommands(): Promise<void> {
    return this.#commands.learn();
  }

  /** The database presents itself otherwise from now on. */
  adoptMode(mode: Mode): void {
    if (mode !== this.#config.mode) {
      this.#config = { ...this.#config, mode };
      this.#reconfigureReads();
    }
  }

  /** Applies what a reload changed. @param config With the mode of now. */
  async reconfigure(config: EffectiveConfig): Promise<void> {
    this.#config = config;
    this.#contexts.reconfigure();
    this.memory.update(config.maxDatabaseMemoryBytes);
    this.publishSettings();
    this.#reconfigureReads();
    await this.#commands.reconfigure(commandPolicy(config));
  }

  /** Tells the workers of changed limits, users and log-in rules. */
  publishSettings(): void {
    const settings = this.#settings();
    const fingerprint = JSON.stringify({ ...settings, users: settings.users.length });
    if (fingerprint !== this.#publishedSettings) {
      this.#publishedSettings = fingerprint;
      this.#plane.setSettings(this.#id, settings);
    }
  }

  onEvent(event: DataPlaneEvent): void {
    reactTo(event, {
      log: this.#log,
      refresh: (reason) => this.#monitor.requestRefresh(reason),
      holding: () => this.#holding.begin(),
      userRefused: (user) => this.#users.refused(user),
      userLost: (user) => this.#users.suspect(user),
      scriptMissing: (nodeId, digest) => void this.#scripts.repair(nodeId, digest),
      replicaRefused: (server) => this.#replicaReads.refused(server),
    });
  }

  onSlow(request: SlowRequest): void {
    this.#contexts.addSlow(request);
  }

  onControl(request: ControlRequest): void {
    this.#answer(request).then(
      (answer) => answer !== null && this.#plane.answer(request.client, answer),
      (error: unknown) => {
        this.#log.error('a command could not be answered', { error: String(error) });
        this.#plane.answer(request.client, internalError(error));
      },
    );
  }

  get blocked(): BlockedCommands {
    return this.#contexts.blocked;
  }

  /** It has no clients any more, and gets none: the workers look after nothing for it. */
  leave(): void {
    this.#plane.setRoutes(this.#id, NO_ROUTES);
    this.#config = { ...this.#config, maxDatabaseMemoryBytes: 0 };
    this.publishSettings();
  }

  stop(): void {
    this.memory.stop();
    this.#holding.stop();
    this.#replicaReads.stop();
    this.#users.stop();
  }

  /** @returns null if the request was given back to the data plane. */
  async #answer(request: ControlRequest): Promise<ControlAnswer | null> {
    const row = this.#commands.table.rows[request.row];
    if (row?.name === 'auth') {
      return answerAuth(request, this.#users);
    }
    if (row?.name === 'hello') {
      const { helloMode } = this.#plane.presentation(request.database, request.presentation);
      const version = this.#commands.serverVersion;
      return answerHello(request, this.#users, { version, mode: helloMode });
    }
    // Anybody may be told that a command is unknown, and run what needs no login.
    const refusal =
      row?.answersItself === true ? await this.#users.refusalOf(request.user, request.args) : null;
    if (refusal !== null) {
      return reply(errorReply(refusal));
    }
    const outcome = await handleControl(request, this.#contexts.for(request));
    if (outcome.kind === 'reply') {
      const { bytes, close, change, noticeKind, watchSlot, beforeNext } = outcome;
      const next = beforeNext === undefined ? undefined : encodeCommand(beforeNext);
      return { ...reply(bytes, close), change, noticeKind, watchSlot, beforeNext: next };
    }
    this.#commands.publish(outcome.table);
    this.#plane.dispatchAgain(request.client);
    return null;
  }

  #reconfigureReads(): void {
    if (this.#replicaReads.reconfigure(this.#config)) {
      this.#publishRoutes();
    }
  }

  #publishRoutes(): void {
    const { topology } = this.#monitor;
    if (topology !== null) {
      this.#plane.setRoutes(this.#id, toRouteSnapshot(topology, this.#replicaReads.readers));
    }
  }

  #settings(): DatabaseSettings {
    return {
      users: this.#users.all,
      ...this.#users.beginning,
      nodeName: hostname().replace(/[^!-~]/g, '_'),
      readYourWritesMs: this.#config.readYourWritesMs,
      retryWrites: this.#config.retryWrites === 'idempotent',
      limits: this.#limits(),
    };
  }

  #limits(): PlaneLimits {
    return toPlaneLimits(this.#config, this.#monitor.topology?.nodeTimeoutMs ?? null);
  }
}

function commandPolicy(config: EffectiveConfig): CommandPolicy {
  const { denyCommands, allowCommands, renameCommands } = config;
  return { deny: denyCommands, allow: allowCommands, rename: renameCommands };
}
