import { Backoff, type Clock } from './clock.js';

/** `all`: several members at once. `one`: a single one, while the cluster is wounded. */
export type RefreshBreadth = 'all' | 'one';

export type RefreshOutcome = 'changed' | 'same' | 'failed';

export interface RefreshRun {
  readonly breadth: RefreshBreadth;
  /** Somebody asked, and waits to hear the result even if nothing has changed. */
  readonly isRequested: boolean;
}

const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 1_000;
/** While requests wait: what they wait for is seen at most so late, at the cost of one call. */
const LAST_HOLD_DELAY_MS = 250;
/** After so long without a request the next one is served at once again. */
const QUIET_MS = 5_000;

/**
 * Decides when to refresh: one at a time, shared by all who ask, never in a tight loop. Requests
 * that change nothing are served ever more slowly, failures are retried, and while requests are
 * held it goes on by itself; each of these delays doubles from 100 ms with jitter, to 1 s, while
 * requests are held to 250 ms.
 */
export class RefreshScheduler {
  readonly #clock: Clock;
  readonly #run: (run: RefreshRun) => Promise<RefreshOutcome>;
  readonly #failureDelay: Backoff;
  readonly #holdDelay: Backoff;
  readonly #gap: Backoff;
  #cancelTimer: (() => void) | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | null = null;
  #isRequested = false;
  #isHolding = false;
  #isRetrying = false;
  #isStopped = false;
  #endedAtMs = Number.NEGATIVE_INFINITY;
  #gapMs = 0;

  /** @param run Must not reject. */
  constructor(clock: Clock, run: (run: RefreshRun) => Promise<RefreshOutcome>) {
    this.#clock = clock;
    this.#run = run;
    this.#failureDelay = new Backoff(clock, FIRST_DELAY_MS, LAST_DELAY_MS);
    this.#holdDelay = new Backoff(clock, FIRST_DELAY_MS, LAST_HOLD_DELAY_MS);
    this.#gap = new Backoff(clock, FIRST_DELAY_MS, LAST_DELAY_MS);
  }

  /** A refresh that starts after this call; a running one does not count. */
  request(): void {
    this.#isRequested = true;
    if (this.#running !== null) {
      return;
    }
    const sinceMs = this.#clock.nowMs() - this.#endedAtMs;
    if (sinceMs > QUIET_MS) {
      this.#gap.reset();
      this.#gapMs = 0;
    }
    this.#schedule(Math.max(0, this.#gapMs - sinceMs));
  }

  setHolding(isHolding: boolean): void {
    if (isHolding === this.#isHolding) {
      return;
    }
    this.#isHolding = isHolding;
    if (isHolding) {
      this.#holdDelay.reset();
      this.#schedule(this.#holdDelay.next());
    }
  }

  /** Ends when a running refresh has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    const atMs = this.#clock.nowMs() + delayMs;
    if (this.#isStopped || this.#running !== null || atMs >= this.#timerAtMs) {
      return;
    }
    this.#cancelTimer?.();
    this.#timerAtMs = atMs;
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#cancelTimer = null;
      if (this.#isRequested || this.#isHolding || this.#isRetrying) {
        this.#running = this.#runOnce();
      }
    });
  }

  async #runOnce(): Promise<void> {
    const isRequested = this.#isRequested;
    this.#isRequested = false;
    const outcome = await this.#run({ breadth: this.#isHolding ? 'one' : 'all', isRequested });
    this.#running = null;
    this.#endedAtMs = this.#clock.nowMs();
    this.#isRetrying = outcome === 'failed';
    if (outcome === 'failed') {
      // Who asked has not been served yet.
      this.#isRequested ||= isRequested;
      this.#gapMs = this.#failureDelay.next();
      this.#schedule(this.#gapMs);
      return;
    }
    this.#failureDelay.reset();
    if (outcome === 'changed') {
      this.#gap.reset();
    }
    this.#gapMs = this.#gap.next();
    if (this.#isRequested) {
      this.#schedule(this.#gapMs);
    }
    if (this.#isHolding) {
      this.#schedule(this.#holdDelay.next());
    }
  }
}
