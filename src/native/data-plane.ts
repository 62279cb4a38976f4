import { type NativePlane, nativeAddon } from './addon.js';
import {
  type Audience,
  type NativePeerRule,
  type NativePresentation,
  STANDALONE_PRESENTATION,
} from './presentations.js';
import { Queries } from './queries.js';
import type {
  ClientRecord,
  ClientRef,
  ControlAnswer,
  ControlRequest,
  DatabaseSettings,
  DataPlaneEvent,
  MemoryUse,
  NativeBinding,
  NativeCommandRow,
  NativeErrand,
  NativeOutcome,
  NativePubSubFamily,
  RouteSnapshot,
  SlowRequest,
  SubscriptionFigures,
  WorkerFigures,
} from './types.js';

/** Who is told what the workers send up. Called on the main thread, once per request or event. */
export interface DataPlaneListener {
  onControl(request: ControlRequest): void;
  onEvent(event: DataPlaneEvent): void;
  onSlow(request: SlowRequest): void;
}

const FIRST_FOR_ALL: readonly NativePeerRule[] = [{ cidr: '', presentation: 0 }];
/** More than there can be. */
const CLIENTS_MOST = 0xffff_ffff;
const GONE: NativeOutcome = { kind: 'gone', bytes: Buffer.alloc(0) };

/**
 * The data plane: worker threads that forward requests without JavaScript. All methods are orders
 * that workers carry out between two turns; none waits for them.
 */
export class DataPlane {
  readonly #plane: NativePlane;
  readonly #queries: Queries;
  readonly #onExit: () => void;
  readonly #errands = new Map<number, (outcomes: readonly NativeOutcome[]) => void>();
  readonly #presentations = new Map<number, readonly NativePresentation[]>();
  #lastTicket = 0;
  #isStopped = false;

  /** @param workers 1 to 256 threads, started at once. */
  constructor(workers: number, listener: DataPlaneListener) {
    const { Plane } = nativeAddon();
    const queries = new Queries(workers);
    const plane = new Plane(workers, () => {
      const { controls, events, reports, errands, slow } = plane.takeUp();
      for (const { ticket, outcomes } of errands) {
        this.#errands.get(ticket)?.(outcomes);
        this.#errands.delete(ticket);
      }
      for (const report of reports) {
        queries.take(report);
      }
      for (const event of events) {
        listener.onEvent(event);
      }
      for (const request of slow) {
        listener.onSlow(request);
      }
      for (const request of controls) {
        listener.onControl(request);
      }
    });
    this.#plane = plane;
    this.#queries = queries;
    // Exit does not run the environment's hooks on the main thread, and running threads do not
    // survive it.
    this.#onExit = () => plane.stop();
    process.once('exit', this.#onExit);
  }

  addDatabase(database: number, settings: DatabaseSettings): void {
    this.#plane.addDatabase(database, settings);
  }

  /** Applies to what begins from now on; `users` of before keep their places. */
  setSettings(database: number, settings: DatabaseSettings): void {
    this.#plane.setSettings(database, settings);
  }

  /** @param rows Rows published before keep their places; new ones follow. */
  setCommands(database: number, rows: readonly NativeCommandRow[]): void {
    this.#plane.setCommands(database, rows);
  }

  setRoutes(database: number, routes: RouteSnapshot): void {
    this.#plane.setRoutes(database, routes);
  }

  /**
   * What clients are shown from now on, those included that are connected.
   * @param presentations An index keeps its meaning; its content may change. Clients whose index is
   *   missing are shown the first; if there is none, `STANDALONE_PRESENTATION`, as before the first call.
   */
  setPresentations(database: number, presentations: readonly NativePresentation[]): void {
    this.#plane.setPresentations(database, presentations);
    this.#presentations.set(database, presentations);
  }

  /** What a client is shown now. */
  presentation(database: number, index: number): NativePresentation {
    const published = this.#presentations.get(database) ?? [];
    return published[index] ?? published[0] ?? STANDALONE_PRESENTATION;
  }

  /**
   * Accepts clients; where it does already, `rules` apply to those that connect from now on.
   * @param fd A listening descriptor, which stays the caller's: it must be open until `stopListening`.
   * @param rules The first whose range holds a client's address says what the client is shown. The last
   *   one is for all (`cidr` ''), and the only one for clients of unix sockets.
   * @param senders Subnets, and `unix` for all unix sockets: who connects from there puts a header of the
   *   PROXY protocol first, and the client is where that says.
   */
  listen(
    database: number,
    worker: number,
    fd: number,
    rules: readonly NativePeerRule[] = FIRST_FOR_ALL,
    senders: readonly string[] = [],
  ): void {
    this.#plane.listen(database, worker, fd, {
      peers: rules,
      senders: senders.filter((sender) => sender !== 'unix'),
      trustsUnixSockets: senders.includes('unix'),
    });
  }

  /**
   * Resolves when the worker has let go of the descriptor.
   * @param isShared Another process accepts from the socket: who is connected and not yet accepted is
   *   left to it.
   */
  stopListening(worker: number, fd: number, isShared = false): Promise<void> {
    return this.#isStopped
      ? Promise.resolve()
      : new Promise((resolve) => this.#plane.stopListening(worker, fd, isShared, resolve));
  }

  /** Opens the links to all primaries now instead of on first use. */
  preconnect(database: number): void {
    this.#plane.preconnect(database);
  }

  /** From now on the workers load the script where it is needed. */
  learnScript(database: number, body: Buffer): void {
    this.#plane.learnScript(database, body);
  }

  /** @param digest 40 hexadecimal digits of any case. */
  hasScript(database: number, digest: string): boolean {
    return this.#plane.hasScript(database, digest);
  }

  /** @param digest As for `hasScript`. */
  scriptBody(database: number, digest: string): Buffer | undefined {
    return this.#plane.scriptBody(database, digest);
  }

  /** Forgets all scripts, and which servers have them. */
  clearScripts(database: number): void {
    this.#plane.clearScripts(database);
  }

  /**
   * Settles an event `script_missing`.
   * @param isLoaded True: the server did not have it, and has it now. False: what it said is passed on.
   */
  scriptChecked(database: number, nodeId: string, digest: string, isLoaded: boolean): void {
    if (!this.#isStopped) {
      this.#plane.scriptChecked(database, nodeId, digest, isLoaded);
    }
  }

  /** Ignored if the client is gone. */
  answer(client: ClientRef, answer: ControlAnswer): void {
    if (!this.#isStopped) {
      this.#plane.answer(client, answer);
    }
  }

  /** Routes the client's control request again, by the table published last. */
  dispatchAgain(client: ClientRef): void {
    if (!this.#isStopped) {
      this.#plane.dispatchAgain(client);
    }
  }

  /** Gives a client, which waits for the answer to a control command, links of its own, or takes them. */
  bind(client: ClientRef, binding: NativeBinding): void {
    if (!this.#isStopped) {
      this.#plane.bind(client, binding);
    }
  }

  /**
   * Sends a command to servers as a client that waits for the answer to a control command.
   * @returns One outcome per server; never rejects. `gone` when the client or the plane has ended.
   */
  send(client: ClientRef, errand: NativeErrand): Promise<readonly NativeOutcome[]> {
    return this.#await(errand.nodes.length, (ticket) =>
      this.#plane.send(client, { ...errand, ticket }),
    );
  }

  /**
   * Where the client's blocking errand waits. For each server that has not answered: a reply
   * `<node id> <id of the connection there>`, or `not_sent`: it had not reached the server, and has
   * ended now or will soon be there. `gone` alone: it does not wait.
   */
  locate(client: ClientRef): Promise<readonly NativeOutcome[]> {
    return this.#await(1, (ticket) => this.#plane.locate(client, ticket));
  }

  #await(count: number, order: (ticket: number) => void): Promise<readonly NativeOutcome[]> {
    if (this.#isStopped) {
      return Promise.resolve(Array.from({ length: count }, () => GONE));
    }
    const ticket = ++this.#lastTicket;
    return new Promise((resolve) => {
      this.#errands.set(ticket, resolve);
      order(ticket);
    });
  }

  /**
   * What the traffic of all workers may use; see `native/plane/memory_guard.h` for what happens at it.
   * @param bytes 0: no limit.
   */
  setMemoryBudget(bytes: number): void {
    if (!this.#isStopped) {
      this.#plane.setMemoryBudget(bytes);
    }
  }

  memoryUse(): MemoryUse {
    return this.#plane.memoryUse();
  }

  /** What comes of `PlaneLimits.memoryBytesMax`. `bytes` is 0 where the database uses little. */
  databaseMemoryUse(database: number): MemoryUse {
    return this.#plane.databaseMemoryUse(database);
  }

  /**
   * Makes clients leave, up to a number per worker, that were not told so before: each is closed when it
   * pauses for some milliseconds behind the reply to all that it sent.
   * @param among Only those that are shown one of these; without it all.
   */
  letLeave(mostPerWorker: number, among?: Audience): void {
    this.#makeLeave(mostPerWorker, false, among);
  }

  /**
   * Closes clients that are between two requests. From the others nothing more is taken; they are closed
   * behind the replies to what they have sent. Transactions and subscriptions stay.
   */
  makeLeave(among?: Audience): void {
    this.#makeLeave(CLIENTS_MOST, true, among);
  }

  #makeLeave(mostPerWorker: number, isNow: boolean, among?: Audience): void {
    const only =
      among === undefined ? ([] as const) : ([among.database, among.presentations] as const);
    this.#plane.makeLeave(mostPerWorker, isNow, ...only);
  }

  /** Undoes `letLeave` for those that have not gone yet. */
  letStay({ database, presentations }: Audience): void {
    this.#plane.letStay(database, presentations);
  }

  /** How many clients are shown one of these. */
  async countClients({ database, presentations }: Audience): Promise<number> {
    if (this.#isStopped) {
      return 0;
    }
    const { count } = await this.#queries.ask((query) =>
      this.#plane.countClients(query, database, presentations),
    );
    return count;
  }

  /**
   * Pushes to the clients that are shown one of these, asked for maintenance notices of this kind
   * (`ControlAnswer.noticeKind`), speak RESP3 and do not subscribe. It comes between two replies, some
   * clients per turn.
   * @param kind 1 to 255.
   * @param frame One complete RESP3 push in wire form.
   */
  notify({ database, presentations }: Audience, kind: number, frame: Buffer): void {
    if (!this.#isStopped) {
      this.#plane.notify(database, presentations, kind, frame);
    }
  }

  /**
   * The clients of a database, oldest first.
   * @param ids Only those of these ids; without them all.
   */
  async listClients(database: number, ids?: readonly number[]): Promise<readonly ClientRecord[]> {
    if (this.#isStopped || ids?.length === 0) {
      return [];
    }
    const { clients } = await this.#queries.ask((query) =>
      this.#plane.queryClients(query, database, ids ?? []),
    );
    return [...clients].sort((a, b) => b.ageMs - a.ageMs || a.id - b.id);
  }

  /** Closes clients at once, what is on its way to them included. @returns How many were still there. */
  async closeClients(clients: readonly ClientRef[]): Promise<number> {
    if (this.#isStopped) {
      return 0;
    }
    return (await this.#queries.ask((query) => this.#plane.closeClients(query, clients))).count;
  }

  /** Who is subscribed to each of `names`, in all workers. */
  subscriptions(
    database: number,
    family: NativePubSubFamily,
    names: readonly Buffer[],
  ): SubscriptionFigures {
    return this.#plane.subscriptions(database, family, names);
  }

  /**
   * Requests of a database wait until the time is over or `unpauseClients` is called: all, or those
   * that may write. Resolves when all workers are paused.
   */
  async pauseClients(database: number, mode: 'all' | 'write', durationMs: number): Promise<void> {
    if (!this.#isStopped) {
      await this.#queries.ask((query) =>
        this.#plane.pauseClients(query, database, durationMs, mode === 'all'),
      );
    }
  }

  async unpauseClients(database: number): Promise<void> {
    if (!this.#isStopped) {
      await this.#queries.ask((query) => this.#plane.unpauseClients(query, database));
    }
  }

  /** Closes all clients of a user, some of them per turn. @returns How many there were. */
  async closeClientsOf(database: number, user: number): Promise<number> {
    if (this.#isStopped) {
      return 0;
    }
    const { count } = await this.#queries.ask((query) =>
      this.#plane.closeClientsOf(query, database, user),
    );
    return count;
  }

  /** Figures of each worker. */
  counters(): readonly WorkerFigures[] {
    return this.#plane.counters();
  }

  /** The sum of a figure over all workers. */
  total(name: string): number {
    return this.counters().reduce((sum, figures) => sum + (figures[name] ?? 0), 0);
  }

  /** Closes every connection and joins the threads. Blocks for the moment that takes. */
  stop(): void {
    if (this.#isStopped) {
      return;
    }
    this.#isStopped = true;
    process.off('exit', this.#onExit);
    this.#plane.stop();
    this.#queries.end();
    for (const resolve of this.#errands.values()) {
      resolve([GONE]);
    }
    this.#errands.clear();
  }
}
