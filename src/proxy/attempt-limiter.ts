import type { Clock } from '../topology/index.js';

/** Failures that an address may have at once. */
const FREE_FAILURES = 30;
/** Time in which it gets one of them back. */
const REGAINED_IN_MS = 1_000;
/** Attempts that wait per address; more are refused unseen. */
const WAITING_MAX = 1_000;
/** Addresses that are remembered; the one that failed longest ago is forgotten first. */
const ADDRESSES_MAX = 10_000;

interface Address {
  /** When everything is regained. */
  freeAtMs: number;
  waiting: number;
  /** Settles when the youngest attempt that had to wait is over. */
  last: Promise<unknown>;
}

/**
 * Slows down those who guess: an address that has used up its failures makes one attempt at a time,
 * each when it has regained a failure. Whoever succeeds is not counted.
 */
export class AttemptLimiter {
  readonly #clock: Clock;
  readonly #addresses = new Map<string, Address>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param attempt Its refusal, or null if it succeeded.
   * @returns What the attempt returned; undefined: too many from this address wait already.
   */
  async run(
    address: string,
    attempt: () => Promise<string | null>,
  ): Promise<string | null | undefined> {
    const known = this.#addresses.get(address);
    if (known === undefined || (known.waiting === 0 && this.#delayMs(known) === 0)) {
      return this.#attempt(address, attempt);
    }
    if (known.waiting >= WAITING_MAX) {
      return undefined;
    }
    known.waiting++;
    const turn = known.last.then(() => this.#pause(this.#delayMs(known)));
    const result = turn.then(() => this.#attempt(address, attempt));
    const over = () => {
      known.waiting--;
    };
    known.last = result.then(over, over);
    return result;
  }

  async #attempt(address: string, attempt: () => Promise<string | null>): Promise<string | null> {
    const refusal = await attempt();
    if (refusal !== null) {
      this.#failed(address);
    }
    return refusal;
  }

  #failed(address: string): void {
    const nowMs = this.#clock.nowMs();
    const known = this.#addresses.get(address) ?? {
      freeAtMs: nowMs,
      waiting: 0,
      last: Promise.resolve(),
    };
    known.freeAtMs = Math.max(known.freeAtMs, nowMs) + REGAINED_IN_MS;
    this.#addresses.delete(address);
    this.#addresses.set(address, known);
    for (const [oldest, { waiting }] of this.#addresses) {
      if (this.#addresses.size <= ADDRESSES_MAX) {
        break;
      }
      if (waiting === 0) {
        this.#addresses.delete(oldest);
      }
    }
  }

  #delayMs({ freeAtMs }: Address): number {
    return Math.max(0, freeAtMs - this.#clock.nowMs() - (FREE_FAILURES - 1) * REGAINED_IN_MS);
  }

  #pause(delayMs: number): Promise<void> {
    return delayMs === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#clock.after(delayMs, resolve));
  }
}
