import type { Clock } from '../topology/index.js';
import type { Endpoint } from './endpoint.js';

/** How soon an endpoint that could not be opened is tried again. */
const RETRY_MS = 1_000;

/** The endpoints of a database on the nodes that this process plays. */
export class Endpoints {
  readonly #byNode: ReadonlyMap<string, Endpoint>;
  readonly #clock: Clock;
  readonly #retry: () => void;
  #chosen: ReadonlySet<string> = new Set();
  #isOpenElsewhere = false;
  #running: Promise<void> | undefined;
  #isStale = false;
  #isShut = false;
  #isFrozen = false;
  #cancelRetry: (() => void) | undefined;

  /**
   * @param byNode By the node's id.
   * @param retry Called when it is time to choose again, as an endpoint could not be opened.
   */
  constructor(byNode: ReadonlyMap<string, Endpoint>, clock: Clock, retry: () => void) {
    this.#byNode = byNode;
    this.#clock = clock;
    this.#retry = retry;
  }

  /** Takes the addresses of all nodes, so that a taken one is noticed at once. @throws ProxyError */
  async reserve(): Promise<void> {
    const results = await Promise.allSettled([...this.#byNode.values()].map((e) => e.reserve()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await this.shut();
      throw failed.reason;
    }
  }

  entries(): readonly (readonly [node: string, endpoint: Endpoint])[] {
    return [...this.#byNode];
  }

  of(node: string): Endpoint | undefined {
    return this.#byNode.get(node);
  }

  isChosen(node: string): boolean {
    return this.#chosen.has(node);
  }

  /** Addresses on which clients can connect now and can stay. */
  get addresses(): readonly string[] {
    return this.#all.flatMap((e) => (e.state === 'listening' ? e.addresses : []));
  }

  /** Why endpoints that are to be open are not. */
  get problems(): readonly string[] {
    return this.#all.flatMap(({ problem }) => (problem === '' ? [] : [problem]));
  }

  /** New clients are told apart by the rules of now. */
  applyRules(): void {
    for (const endpoint of this.#byNode.values()) {
      endpoint.applyRules();
    }
  }

  /**
   * Opens the endpoints of these nodes, then retires the others.
   * @param nodes Those of other processes may be among them.
   * @param isOpenElsewhere Whether one of those others is open.
   * @returns When that has been tried.
   */
  choose(nodes: readonly string[], isOpenElsewhere: boolean): Promise<void> {
    this.#chosen = new Set(nodes);
    this.#isOpenElsewhere = isOpenElsewhere;
    this.#isStale = true;
    return this.#settled();
  }

  /** From now on nothing is opened or retired. @returns The descriptors of all sockets that there are. */
  async freeze(): Promise<readonly number[]> {
    this.#isFrozen = true;
    await this.#running;
    return this.#all.flatMap(({ descriptors }) => descriptors);
  }

  /** Makes up for what was chosen meanwhile. */
  thaw(): Promise<void> {
    this.#isFrozen = false;
    return this.#settled();
  }

  /** Of the endpoints that are open. */
  get openDescriptors(): readonly number[] {
    return this.#all.flatMap((e) => (e.state === 'listening' ? e.descriptors : []));
  }

  /** Gives back sockets of endpoints that were not chosen: somebody else may serve their clients. */
  releaseUnopened(): void {
    for (const endpoint of this.#all) {
      endpoint.release();
    }
  }

  /** As `shut`, but another process accepts from the sockets that it has taken. */
  async handOver(taken: ReadonlySet<number>): Promise<void> {
    this.#isShut = true;
    this.#cancelRetry?.();
    await Promise.all(this.#all.map((endpoint) => endpoint.handOver(taken)));
  }

  #settled(): Promise<void> {
    this.#running ??= this.#settle().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Nobody can connect from now on; clients that are connected stay. */
  async shut(): Promise<void> {
    this.#isShut = true;
    this.#cancelRetry?.();
    await this.#running;
    await Promise.all(this.#all.map((endpoint) => endpoint.shut()));
  }

  get #all(): readonly Endpoint[] {
    return [...this.#byNode.values()];
  }

  async #settle(): Promise<void> {
    while (this.#isStale && !this.#isShut && !this.#isFrozen) {
      this.#isStale = false;
      const entries = [...this.#byNode];
      const chosen = entries.filter(([node]) => this.#chosen.has(node)).map(([, e]) => e);
      const opened = await Promise.all(chosen.map((endpoint) => endpoint.open()));
      if (this.#isStale) {
        continue;
      }
      // As long as no chosen one can be opened, clients are better off with those that are open.
      if (opened.includes(true) || this.#isOpenElsewhere) {
        for (const [node, endpoint] of entries) {
          if (!this.#chosen.has(node)) {
            endpoint.retire();
          }
        }
      }
      this.#retryIf(opened.includes(false));
    }
  }

  #retryIf(hasFailed: boolean): void {
    this.#cancelRetry?.();
    this.#cancelRetry = hasFailed ? this.#clock.after(RETRY_MS, this.#retry) : undefined;
  }
}
