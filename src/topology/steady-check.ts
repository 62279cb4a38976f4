import type { Endpoint } from '../shards/index.js';
import { type Clock, jittered } from './clock.js';
import { callForText } from './control-call.js';
import type { ControlPool } from './control-pool.js';
import { clusterInfoField } from './fetch-view.js';

const PERIOD_MS = 10_000;
const PERIOD_JITTER = 0.3;
const TIMEOUT_MS = 2_000;
/** What, if it changes, is worth a look at the whole topology. */
const WATCHED_FIELDS = [
  'cluster_current_epoch',
  'cluster_state',
  'cluster_known_nodes',
  'cluster_size',
  'cluster_slots_ok',
];

export interface SteadyCheckOptions {
  readonly clock: Clock;
  readonly pool: ControlPool;
  /** The node to ask: the current one as long as it will do, or null if none is known. */
  readonly choose: (current: Endpoint | null) => Endpoint | null;
  /** Something has changed, or the node did not answer. */
  readonly onSuspicion: (detail: string) => void;
  /** Called at the end of each period, for what else is due now and then. */
  readonly onPeriod: () => Promise<void>;
}

/** One CLUSTER INFO to one node every 10 s ± 30 %: all that a healthy cluster costs its servers. */
export class SteadyCheck {
  readonly #options: SteadyCheckOptions;
  #cancel: (() => void) | null = null;
  #running: Promise<void> = Promise.resolve();
  #current: Endpoint | null = null;
  #lastFacts: string | null = null;
  #isStopped = false;

  constructor(options: SteadyCheckOptions) {
    this.#options = options;
  }

  /** Begins a new period, as after a refresh that has seen everything anyway. */
  arm(): void {
    this.#cancel?.();
    if (this.#isStopped) {
      return;
    }
    const { clock } = this.#options;
    this.#cancel = clock.after(jittered(clock, PERIOD_MS, PERIOD_JITTER), () => {
      this.#running = this.#check().finally(() => this.arm());
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #check(): Promise<void> {
    const { pool, choose, onSuspicion, onPeriod } = this.#options;
    this.#current = choose(this.#current);
    if (this.#current !== null) {
      try {
        const connection = await pool.get(this.#current);
        const info = await callForText(connection, ['CLUSTER', 'INFO'], TIMEOUT_MS);
        const facts = WATCHED_FIELDS.map((name) => clusterInfoField(info, name)).join(' ');
        const last = this.#lastFacts;
        this.#lastFacts = facts;
        // The first facts may already be those of another topology than the one in use.
        if (last !== facts) {
          onSuspicion(`CLUSTER INFO changed from "${last ?? 'unknown'}" to "${facts}"`);
        }
      } catch (error) {
        this.#current = null;
        onSuspicion(error instanceof Error ? error.message : String(error));
      }
    }
    await onPeriod();
  }
}
