import type { Stall } from './checker/check-recovery.js';

const TICK_MS = 20;
const STALL_MIN_MS = 20;
const STALLS_MAX = 100_000;

/** Notes when this process did not run, since then it can neither ask nor see an answer. */
export class StallMeter {
  readonly #stalls: Stall[] = [];
  readonly #timer: NodeJS.Timeout;
  #last: number;

  constructor(now: () => number) {
    this.#last = now();
    this.#timer = setInterval(() => {
      const at = now();
      const ms = at - this.#last - TICK_MS;
      if (ms >= STALL_MIN_MS && this.#stalls.length < STALLS_MAX) {
        this.#stalls.push({ at: this.#last, ms });
      }
      this.#last = at;
    }, TICK_MS);
  }

  get stalls(): readonly Stall[] {
    return this.#stalls;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
