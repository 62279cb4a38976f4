import type { Clock } from '../topology/index.js';

const PERIOD_MS = 1_000;

export interface RedirectWatchOptions {
  readonly clock: Clock;
  /** Requests that were answered with MOVED so far. */
  readonly answered: () => number;
  /** There were some since the last time. */
  readonly onRedirects: (count: number) => void;
}

/**
 * Looks every second whether clients are being redirected. When all is quiet they are not, so a client
 * that is may have been told something that no longer holds: what is not forwarded, no server corrects.
 */
export class RedirectWatch {
  readonly #options: RedirectWatchOptions;
  #last = 0;
  #cancel: (() => void) | undefined;

  constructor(options: RedirectWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#cancel === undefined) {
      this.#last = this.#options.answered();
      this.#wait();
    }
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #wait(): void {
    this.#cancel = this.#options.clock.after(PERIOD_MS, () => {
      const answered = this.#options.answered();
      if (answered > this.#last) {
        this.#options.onRedirects(answered - this.#last);
      }
      this.#last = answered;
      this.#wait();
    });
  }
}
