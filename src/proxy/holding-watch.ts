import type { Clock } from '../topology/index.js';

/** How often it is looked whether requests are held. */
const CHECK_MS = 200;
/**
 * So long it is looked after the last one was let go: it may be refused and wait again, and only new
 * requests that have to wait are told of.
 */
const LINGER_MS = 10_000;

export interface HoldingWatchOptions {
  readonly clock: Clock;
  /** Requests that wait for their shard now. */
  readonly heldNow: () => number;
  /** Called with each change. */
  readonly setHolding: (isHolding: boolean) => void;
}

/** While requests are held, the topology is polled; it costs nothing when none have been for a while. */
export class HoldingWatch {
  readonly #options: HoldingWatchOptions;
  #cancelTimer: (() => void) | undefined;
  #heldAtMs = 0;
  #isHolding = false;

  constructor(options: HoldingWatchOptions) {
    this.#options = options;
  }

  /** A request has begun to wait. */
  begin(): void {
    this.#heldAtMs = this.#options.clock.nowMs();
    this.#tell(true);
    if (this.#cancelTimer === undefined) this.#checkLater();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #checkLater(): void {
    this.#cancelTimer = this.#options.clock.after(CHECK_MS, () => this.#check());
  }

  #check(): void {
    this.#cancelTimer = undefined;
    const now = this.#options.clock.nowMs();
    const isHolding = this.#options.heldNow() > 0;
    if (isHolding) this.#heldAtMs = now;
    this.#tell(isHolding);
    if (now - this.#heldAtMs < LINGER_MS) this.#checkLater();
  }

  #tell(isHolding: boolean): void {
    if (isHolding === this.#isHolding) return;
    this.#isHolding = isHolding;
    this.#options.setHolding(isHolding);
  }
}
