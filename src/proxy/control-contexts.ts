import { randomBytes } from 'node:crypto';
import {
  type ControlContext,
  type ExecuteTarget,
  type PresentationView,
  type ProxyStats,
  Scans,
  SlowLog,
  UnknownCommands,
} from '../commands/index.js';
import type { EffectiveConfig } from '../config/effective-config.js';
import { packageVersion } from '../config/version.js';
import type { ControlRequest, DataPlane, PlaneLimits, SlowRequest } from '../native/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import { readSlotState, type TopologyMonitor } from '../topology/index.js';
import { BlockedCommands } from './blocked-commands.js';
import { PlaneClients } from './client-desk.js';
import { configValues } from './config-values.js';
import type { DatabaseUsers } from './database-users.js';
import { ClientErrands } from './errands.js';
import { executeOnPrimaries } from './execute-on-primaries.js';
import type { PublishedCommands } from './published-commands.js';
import type { Scripts } from './scripts.js';

export interface ControlContextsOptions {
  readonly database: number;
  readonly plane: DataPlane;
  readonly monitor: TopologyMonitor;
  readonly commands: PublishedCommands;
  readonly users: DatabaseUsers;
  readonly scripts: Scripts;
  /** What clients see, by the number of the presentation. */
  readonly presentation: (number: number) => PresentationView;
  readonly config: () => EffectiveConfig;
  readonly limits: () => PlaneLimits;
}

/** What the handlers of a database's control commands may use; a part of it is new for each request. */
export class ControlContexts {
  readonly blocked: BlockedCommands;
  readonly #options: ControlContextsOptions;
  readonly #clients: PlaneClients;
  readonly #unknownCommands = new UnknownCommands(() => performance.now());
  readonly #scans: Scans;
  readonly #slowLog: SlowLog;
  readonly #runId = randomBytes(20).toString('hex');

  constructor(options: ControlContextsOptions) {
    const { database, plane, monitor, users, limits } = options;
    this.#options = options;
    this.blocked = new BlockedCommands(plane, (nodeId, args) => monitor.execute(nodeId, args));
    this.#clients = new PlaneClients(database, plane, (user) => users.nameOf(user), this.blocked);
    this.#scans = new Scans({
      readSlotState: () => readSlotState(monitor),
      waitMs: () => limits().holdTimeoutMs,
    });
    this.#slowLog = new SlowLog(options.config().maxSlowlogEntries, Date.now);
  }

  for(request: ControlRequest): ControlContext {
    const { database, plane, commands, users, scripts, config } = this.#options;
    return {
      errands: this.#errandsFor(request),
      bind: (client, binding) => plane.bind(client, binding),
      isFullOfTracking: () => plane.total('bound_clients') >= config().maxTrackingClients,
      table: commands.table,
      version: packageVersion(),
      serverVersion: commands.serverVersion,
      clients: this.#clients,
      presentation: (request) => this.#options.presentation(request.presentation),
      slowLog: this.#slowLog,
      unknownCommands: this.#unknownCommands,
      scans: this.#scans,
      subscriptions: (family, names) => plane.subscriptions(database, family, names),
      scripts,
      stats: () => this.#stats(),
      configValues: () => configValues(config()),
      maxMergedReplyBytes: config().maxMergedReplyBytes,
      rightsChanged: () => users.rightsChanged(),
      execute: (target, args) => this.#execute(target, args),
    };
  }

  addSlow(request: SlowRequest): void {
    this.#slowLog.add(request);
  }

  /** Applies what a reload changed. */
  reconfigure(): void {
    this.#slowLog.keep(this.#options.config().maxSlowlogEntries);
  }

  async #execute(target: ExecuteTarget, args: CommandArguments): Promise<readonly RespReply[]> {
    const { monitor } = this.#options;
    switch (target) {
      case 'any_primary':
        return [await monitor.execute('any-primary', args)];
      case 'every_primary':
        return executeOnPrimaries(monitor, args);
      default:
        return [await monitor.execute(target.nodeId, args)];
    }
  }

  #errandsFor({ client, row }: ControlRequest): ClientErrands {
    const { plane, monitor, commands, limits } = this.#options;
    const { holdTimeoutMs, redirectsMax } = limits();
    const command = commands.table.rows[row];
    return new ClientErrands({
      plane,
      monitor,
      client,
      holdTimeoutMs,
      maxRedirects: redirectsMax,
      isRepeatable: command?.repeatable === true,
      writes: command?.flags.includes('write') === true,
    });
  }

  #stats(): ProxyStats {
    const { plane, config } = this.#options;
    const tcp = config().listen.find((address) => address.kind === 'tcp');
    return {
      runId: this.#runId,
      processId: process.pid,
      port: tcp?.kind === 'tcp' ? tcp.port : 0,
      uptimeSeconds: Math.floor(process.uptime()),
      workers: config().threads,
      clients: plane.total('clients'),
      links: plane.total('links'),
    };
  }
}
