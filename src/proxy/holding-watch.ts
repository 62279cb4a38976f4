/** How often the end of holding is looked for while requests are held. */
const CHECK_MS = 200;

export interface HoldingWatchOptions {
  /** Requests that wait for their shard now. */
  readonly heldNow: () => number;
  readonly setHolding: (isHolding: boolean) => void;
}

/** While requests are held, the topology is polled; it costs nothing when none are. */
export class HoldingWatch {
  readonly #options: HoldingWatchOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HoldingWatchOptions) {
    this.#options = options;
  }

  /** A request has begun to wait. */
  begin(): void {
    if (this.#timer !== undefined) {
      return;
    }
    this.#options.setHolding(true);
    this.#timer = setInterval(() => {
      if (this.#options.heldNow() === 0) {
        this.stop();
        this.#options.setHolding(false);
      }
    }, CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
