import type { Endpoint } from '../shards/index.js';
import { type Clock, jittered } from './clock.js';
import { stateOfCluster, tableOfCluster } from './cluster-facts.js';
import type { ControlPool } from './control-pool.js';

const PERIOD_MS = 10_000;
const PERIOD_JITTER = 0.3;
const CLOSE_PERIOD_MS = 1_000;
const CLOSE_PERIOD_JITTER = 0.1;
const TIMEOUT_MS = 2_000;

/**
 * steady: one CLUSTER INFO to one node every 10 s ± 30 %, which is all that a healthy cluster costs its
 * servers; what it does not show is learned from the servers' redirects.
 * close: one CLUSTER NODES to one node after the other, every second ± 10 %, for those who tell clients
 * where to go: it is these clients, then, who meet the redirects.
 */
export type Watch = 'steady' | 'close';

export interface SteadyCheckOptions {
  readonly clock: Clock;
  readonly pool: ControlPool;
  /**
   * The node to ask, or null if none is known. steady: the current one as long as it will do; close: the
   * next one each time, since one may be behind without anything else being wrong.
   */
  readonly choose: (current: Endpoint | null, watch: Watch) => Endpoint | null;
  /** Something has changed, or the node did not answer. */
  readonly onSuspicion: (detail: string) => void;
  /** Called every 10 s ± 30 %, behind the check, for what else is due now and then. */
  readonly onPeriod: () => Promise<void>;
}

/** Asks one node, once in a while, whether the cluster is still the one that is known. */
export class SteadyCheck {
  readonly #options: SteadyCheckOptions;
  #cancel: (() => void) | null = null;
  #running: Promise<void> = Promise.resolve();
  #current: Endpoint | null = null;
  #lastFacts: string | null = null;
  #watch: Watch = 'steady';
  #periodEndsAtMs = 0;
  #isStopped = false;

  constructor(options: SteadyCheckOptions) {
    this.#options = options;
  }

  /** How closely to look from now on. */
  watch(watch: Watch): void {
    if (watch === this.#watch) {
      return;
    }
    this.#watch = watch;
    this.#lastFacts = null;
    if (this.#cancel !== null) {
      this.arm();
    }
  }

  /** Begins a new wait, as after a refresh that has seen everything anyway. */
  arm(): void {
    const isFirst = this.#cancel === null;
    this.#cancel?.();
    if (this.#isStopped) {
      return;
    }
    const { clock } = this.#options;
    const isSteady = this.#watch === 'steady';
    if (isFirst || isSteady) {
      this.#beginPeriod();
    }
    const delayMs = isSteady
      ? this.#periodEndsAtMs - clock.nowMs()
      : jittered(clock, CLOSE_PERIOD_MS, CLOSE_PERIOD_JITTER);
    this.#cancel = clock.after(delayMs, () => {
      const turn = this.#running.then(() => this.#turn());
      this.#running = turn.finally(() => this.arm());
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #turn(): Promise<void> {
    await this.#check();
    const { clock, onPeriod } = this.#options;
    if (this.#watch === 'steady' || clock.nowMs() >= this.#periodEndsAtMs) {
      this.#beginPeriod();
      await onPeriod();
    }
  }

  #beginPeriod(): void {
    const { clock } = this.#options;
    this.#periodEndsAtMs = clock.nowMs() + jittered(clock, PERIOD_MS, PERIOD_JITTER);
  }

  async #check(): Promise<void> {
    const { pool, choose, onSuspicion } = this.#options;
    this.#current = choose(this.#current, this.#watch);
    if (this.#current === null) {
      return;
    }
    const watch = this.#watch;
    try {
      const connection = await pool.get(this.#current);
      const ask = watch === 'close' ? tableOfCluster : stateOfCluster;
      const facts = await ask(connection, watch === 'close' ? CLOSE_PERIOD_MS : TIMEOUT_MS);
      // The first facts may already be those of another topology than the one in use.
      if (facts !== this.#lastFacts && watch === this.#watch) {
        const last = this.#lastFacts;
        this.#lastFacts = facts;
        onSuspicion(describeChange(watch, last, facts));
      }
    } catch (error) {
      this.#current = null;
      onSuspicion(error instanceof Error ? error.message : String(error));
    }
  }
}

/** The table of a large cluster is too long for a line of log. */
function describeChange(watch: Watch, last: string | null, facts: string): string {
  return watch === 'close'
    ? `CLUSTER NODES ${last === null ? 'is seen for the first time' : 'changed'}`
    : `CLUSTER INFO changed from "${last ?? 'unknown'}" to "${facts}"`;
}
