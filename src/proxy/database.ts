import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  applyPolicy,
  type CommandPolicy,
  CommandTable,
  type ControlContext,
  coreTable,
  type ExecuteTarget,
  handleControl,
  mergeServerCommands,
  type ProxyStats,
  Scans,
  SlowLog,
  toNativeRows,
  UnknownCommands,
} from '../commands/index.js';
import type { EffectiveConfig } from '../config/effective-config.js';
import { packageVersion } from '../config/version.js';
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
import { type CommandArguments, encodeCommand, errorReply, type RespReply } from '../resp/index.js';
import type { LoginSecret } from '../shards/index.js';
import {
  type ClusterTopology,
  primariesOf,
  readSlotState,
  SYSTEM_CLOCK,
  type TopologyMonitor,
} from '../topology/index.js';
import { BlockedCommands } from './blocked-commands.js';
import { PlaneClients } from './client-desk.js';
import { configValues } from './config-values.js';
import { ClientErrands } from './errands.js';
import { FunctionCopier } from './functions.js';
import { keepPlaces } from './keep-places.js';
import { toPlaneLimits } from './limits.js';
import { Logins } from './logins.js';
import { Permissions } from './permissions.js';
import { reactTo } from './plane-events.js';
import { toRouteSnapshot } from './routes.js';
import { Scripts } from './scripts.js';
import { answerAuth, answerHello, internalError, type LoginDesk, reply } from './session.js';
import { UpstreamUsers } from './upstream-users.js';
import { UserChecks } from './user-checks.js';

/** How often the end of holding is looked for while requests are held. */
const HOLDING_CHECK_MS = 200;
/** Shown by HELLO until a server has told its version. */
const ASSUMED_SERVER_VERSION = '7.0.0';

/** A database: one cluster, its command table and users, and what its clients ask of TypeScript. */
export class Database implements LoginDesk {
  readonly #id: number;
  readonly #plane: DataPlane;
  readonly #monitor: TopologyMonitor;
  readonly #log: Logger;
  readonly #users = new UpstreamUsers();
  readonly #logins: Logins;
  readonly #permissions: Permissions;
  readonly #clients: PlaneClients;
  readonly #unknownCommands = new UnknownCommands(() => performance.now());
  readonly #scans: Scans;
  readonly #scripts: Scripts;
  readonly #functions: FunctionCopier;
  readonly #runId = randomBytes(20).toString('hex');
  readonly #blocked: BlockedCommands;
  readonly #slowLog: SlowLog;
  readonly #userChecks: UserChecks;
  #config: EffectiveConfig;
  #table = new CommandTable([]);
  #serverVersion = ASSUMED_SERVER_VERSION;
  #proxyUser = 0;
  #holdingTimer: NodeJS.Timeout | undefined;
  #publishedSettings = '';

  constructor(
    id: number,
    config: EffectiveConfig,
    plane: DataPlane,
    monitor: TopologyMonitor,
    log: Logger,
  ) {
    this.#id = id;
    this.#config = config;
    this.#plane = plane;
    this.#monitor = monitor;
    this.#log = log;
    this.#logins = new Logins(monitor, config.connectTimeoutMs);
    const execute = (nodeId: string, args: CommandArguments) => monitor.execute(nodeId, args);
    this.#permissions = new Permissions((args) => execute('any-primary', args));
    this.#blocked = new BlockedCommands(plane, execute);
    this.#clients = new PlaneClients(id, plane, (user) => this.#userName(user), this.#blocked);
    this.#scans = new Scans({
      readSlotState: () => readSlotState(monitor),
      waitMs: () => this.#limits().holdTimeoutMs,
    });
    this.#slowLog = new SlowLog(config.maxSlowlogEntries, Date.now);
    this.#userChecks = new UserChecks({
      clock: SYSTEM_CLOCK,
      nameOf: (user) => this.#userName(user),
      ask: (args) => this.#executeOnEvery(args),
      deleted: (user) => this.#userDeleted(user),
    });
    this.#scripts = new Scripts({ database: id, plane, execute, log });
    this.#functions = new FunctionCopier({ execute, log });
    if (config.clientAuth === 'none') {
      this.#learnProxyUser();
    }
    plane.addDatabase(id, this.#settings());
  }

  /** Routes by this topology from the next turn on. */
  adopt(topology: ClusterTopology): void {
    this.publishSettings();
    void this.#functions.adopt(topology);
    this.#plane.setRoutes(this.#id, toRouteSnapshot(topology));
  }

  /** Publishes the command table, with what the servers' modules add to it. */
  async learnCommands(): Promise<void> {
    try {
      this.#adoptTable(mergeServerCommands(coreTable(), await this.#monitor.fetchCommands()));
      const [info] = await this.#execute('any-primary', ['INFO', 'server']);
      const text = info?.kind === 'string' ? info.bytes.toString() : '';
      this.#serverVersion = /^redis_version:(\S+)/m.exec(text)?.[1] ?? this.#serverVersion;
    } catch (error) {
      this.#log.warn('the servers do not tell their commands; the built-in table is used', {
        reason: String(error),
      });
      this.#adoptTable(coreTable());
    }
    this.#publishCommands();
  }

  /** Applies what a reload changed. */
  async reconfigure(config: EffectiveConfig): Promise<void> {
    const policy = JSON.stringify(this.#commandPolicy());
    this.#config = config;
    this.#slowLog.keep(config.maxSlowlogEntries);
    this.publishSettings();
    if (JSON.stringify(this.#commandPolicy()) !== policy) {
      await this.learnCommands();
    }
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
      holding: () => this.#watchHolding(),
      userRefused: (user) => this.#userRefused(user),
      userLost: (user) => this.#checkUser(user),
      scriptMissing: (nodeId, digest) => void this.#scripts.repair(nodeId, digest),
    });
  }

  onSlow(request: SlowRequest): void {
    this.#slowLog.add(request);
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

  /** Ends the waits of blocking commands, so that their clients can be closed between two requests. */
  unblockAll(): Promise<void> {
    return this.#blocked.unblockAll();
  }

  stop(): void {
    clearInterval(this.#holdingTimer);
    this.#userChecks.stop();
  }

  isOpen(): boolean {
    return this.#config.clientAuth === 'none' || this.#monitor.defaultUserNeedsPassword() === false;
  }

  async logIn(
    secret: LoginSecret,
    address: string,
  ): Promise<{ readonly user: number } | { readonly refusal: string }> {
    const refusal = await this.#logins.refusalOf(secret, address);
    if (refusal !== null) {
      return { refusal };
    }
    const { index, changed } = this.#users.add(secret);
    if (changed) {
      this.#plane.setSettings(this.#id, this.#settings());
    }
    return { user: index };
  }

  /** @returns null if the request was given back to the data plane. */
  async #answer(request: ControlRequest): Promise<ControlAnswer | null> {
    const name = this.#table.rows[request.row]?.name;
    if (name === 'auth') {
      return answerAuth(request, this);
    }
    if (name === 'hello') {
      return answerHello(request, this, this.#serverVersion);
    }
    const refusal = await this.#refusalOf(request);
    if (refusal !== null) {
      return reply(errorReply(refusal));
    }
    const outcome = await handleControl(request, this.#context(request));
    if (outcome.kind === 'reply') {
      const { bytes, close, change, watchSlot, beforeNext } = outcome;
      const next = beforeNext === undefined ? undefined : encodeCommand(beforeNext);
      return { ...reply(bytes, close), change, watchSlot, beforeNext: next };
    }
    this.#adoptTable(outcome.table);
    this.#publishCommands();
    this.#plane.dispatchAgain(request.client);
    return null;
  }

  /** Anybody may be told that a command is unknown, and run what needs no login. */
  #refusalOf(request: ControlRequest): Promise<string | null> {
    const isProxyUser = this.#config.clientAuth === 'none' && request.user === this.#proxyUser;
    const row = this.#table.rows[request.row];
    return isProxyUser || row === undefined || !row.answersItself
      ? Promise.resolve(null)
      : this.#permissions.refusalOf(this.#userName(request.user), request.args);
  }

  #userName(user: number): string {
    return this.#users.all[user]?.name || 'default';
  }

  #commandPolicy(): CommandPolicy {
    return { deny: this.#config.denyCommands, allow: this.#config.allowCommands };
  }

  #adoptTable(table: CommandTable): void {
    this.#table = keepPlaces(this.#table, applyPolicy(table, this.#commandPolicy()));
  }

  #publishCommands(): void {
    const rows = toNativeRows(this.#table).map((row) =>
      row.local === 'hello' ? { ...row, readyReply: this.#serverVersion } : row,
    );
    this.#plane.setCommands(this.#id, rows);
  }

  #context(request: ControlRequest): ControlContext {
    return {
      errands: this.#errandsFor(request),
      bind: (client, binding) => this.#plane.bind(client, binding),
      isFullOfTracking: () => this.#plane.total('bound_clients') >= this.#config.maxTrackingClients,
      table: this.#table,
      version: packageVersion(),
      serverVersion: this.#serverVersion,
      clients: this.#clients,
      slowLog: this.#slowLog,
      unknownCommands: this.#unknownCommands,
      scans: this.#scans,
      subscriptions: (family, names) => this.#plane.subscriptions(this.#id, family, names),
      scripts: this.#scripts,
      stats: () => this.#stats(),
      configValues: () => configValues(this.#config),
      maxMergedReplyBytes: this.#config.maxMergedReplyBytes,
      rightsChanged: () => {
        this.#rightsChanged();
        this.#monitor.probeDefaultUser();
      },
      execute: (target, args) => this.#executeAt(target, args),
    };
  }

  #executeAt(target: ExecuteTarget, args: CommandArguments): Promise<readonly RespReply[]> {
    switch (target) {
      case 'any_primary':
        return this.#execute('any-primary', args);
      case 'every_primary':
        return this.#executeOnEvery(args);
      default:
        return this.#execute(target.nodeId, args);
    }
  }

  #errandsFor({ client, row }: ControlRequest): ClientErrands {
    const { holdTimeoutMs, redirectsMax } = this.#limits();
    return new ClientErrands({
      plane: this.#plane,
      monitor: this.#monitor,
      client,
      holdTimeoutMs,
      maxRedirects: redirectsMax,
      isRepeatable: this.#table.rows[row]?.repeatable === true,
    });
  }

  async #execute(
    target: string | 'any-primary',
    args: CommandArguments,
  ): Promise<readonly RespReply[]> {
    return [await this.#monitor.execute(target, args)];
  }

  #executeOnEvery(args: CommandArguments): Promise<readonly RespReply[]> {
    const { topology } = this.#monitor;
    const primaries = topology === null ? [] : primariesOf(topology);
    return Promise.all(primaries.map(({ nodeId }) => this.#monitor.execute(nodeId, args)));
  }

  #stats(): ProxyStats {
    const tcp = this.#config.listen.find((address) => address.kind === 'tcp');
    return {
      runId: this.#runId,
      processId: process.pid,
      port: tcp?.kind === 'tcp' ? tcp.port : 0,
      uptimeSeconds: Math.floor(process.uptime()),
      workers: this.#config.threads,
      clients: this.#plane.total('clients'),
      links: this.#plane.total('links'),
    };
  }

  #settings(): DatabaseSettings {
    const isProxyUser = this.#config.clientAuth === 'none';
    return {
      users: this.#users.all,
      clientUser: isProxyUser ? this.#proxyUser : 0,
      // As long as it is not known, nobody is let in without a password.
      clientMustAuthenticate: !isProxyUser && this.#monitor.defaultUserNeedsPassword() !== false,
      nodeName: hostname().replace(/[^!-~]/g, '_'),
      limits: this.#limits(),
    };
  }

  #limits(): PlaneLimits {
    return toPlaneLimits(this.#config, this.#monitor.topology?.nodeTimeoutMs ?? null);
  }

  /** With `clientAuth: none` everybody is the proxy's user. */
  #learnProxyUser(): boolean {
    const secret = this.#config.upstreamCredentials.current();
    if (secret === null) {
      return false;
    }
    const { index, changed } = this.#users.add(secret);
    this.#proxyUser = index;
    return changed;
  }

  #rightsChanged(username?: string): void {
    this.#permissions.forget();
    this.#logins.forget(username);
  }

  #userRefused(user: number): void {
    this.#logins.forget(this.#userName(user));
    this.#checkUser(user);
    if (user === this.#proxyUser || user === 0) {
      void this.#readSecretsAgain();
    }
  }

  /** The servers' default user cannot be deleted, and the proxy's own is who would have to ask. */
  #checkUser(user: number): void {
    if (user !== 0 && user !== this.#proxyUser) {
      this.#userChecks.suspect(user);
    }
  }

  async #userDeleted(user: number): Promise<void> {
    const name = this.#userName(user);
    this.#rightsChanged(name);
    const clients = await this.#plane.closeClientsOf(this.#id, user);
    if (clients > 0) {
      this.#log.info('a user was deleted; its clients are closed', { user: name, clients });
    }
  }

  async #readSecretsAgain(): Promise<void> {
    await this.#config.upstreamCredentials.refresh();
    this.#monitor.probeDefaultUser();
    if (this.#config.clientAuth === 'none' && this.#learnProxyUser()) {
      this.#plane.setSettings(this.#id, this.#settings());
    }
  }

  /** While requests are held, the topology is polled; it costs nothing when none are. */
  #watchHolding(): void {
    if (this.#holdingTimer !== undefined) {
      return;
    }
    this.#monitor.setHolding(true);
    this.#holdingTimer = setInterval(() => {
      if (this.#plane.total('held_now') > 0) {
        return;
      }
      clearInterval(this.#holdingTimer);
      this.#holdingTimer = undefined;
      this.#monitor.setHolding(false);
    }, HOLDING_CHECK_MS);
  }
}
