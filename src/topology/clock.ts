/** Time and chance, injected so that tests decide about both. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Runs `run` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** In [0, 1). */
  random(): number;
}

/** Its timers keep the process alive: a proxy that still searches for its cluster must not end. */
export const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** `valueMs` changed at random by up to `fraction` either way, so that a fleet does not act in step. */
export function jittered(clock: Clock, valueMs: number, fraction: number): number {
  return valueMs * (1 + fraction * (2 * clock.random() - 1));
}

/** Delays that double from `firstMs` up to `lastMs`, each jittered by a third. */
export class Backoff {
  readonly #clock: Clock;
  readonly #firstMs: number;
  readonly #lastMs: number;
  #nextMs: number;

  constructor(clock: Clock, firstMs: number, lastMs: number) {
    this.#clock = clock;
    this.#firstMs = firstMs;
    this.#lastMs = lastMs;
    this.#nextMs = firstMs;
  }

  next(): number {
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(this.#nextMs * 2, this.#lastMs);
    return jittered(this.#clock, delayMs, 1 / 3);
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
