import type { SlotState } from '../../../topology/index.js';

/** A scan may begin with a picture of this age: what has changed since is looked at again at its end. */
const RECENT_MS = 1_000;

/** Readings of the cluster's slots, shared by the scans that want one at the same time. */
export class SlotStates {
  readonly #read: () => Promise<SlotState>;
  readonly #nowMs: () => number;
  #running: Promise<SlotState> | null = null;
  #next: Promise<SlotState> | null = null;
  #last: { readonly state: SlotState; readonly atMs: number } | null = null;

  /** @param read A reading of which nothing is older than the call. */
  constructor(read: () => Promise<SlotState>, nowMs: () => number) {
    this.#read = read;
    this.#nowMs = nowMs;
  }

  /** A reading that may be a second old. @throws ProxyError if the servers cannot be asked. */
  recent(): Promise<SlotState> {
    const last = this.#last;
    return last !== null && this.#nowMs() - last.atMs < RECENT_MS
      ? Promise.resolve(last.state)
      : this.fresh();
  }

  /** A reading that began after this call. @throws ProxyError if the servers cannot be asked. */
  fresh(): Promise<SlotState> {
    if (this.#running === null) {
      return this.#start();
    }
    // The one that runs may have seen servers before the caller's last step: the next one is shared.
    const start = () => {
      this.#next = null;
      return this.#start();
    };
    this.#next ??= this.#running.then(start, start);
    return this.#next;
  }

  #start(): Promise<SlotState> {
    const atMs = this.#nowMs();
    const reading = this.#read().then(
      (state) => {
        this.#running = null;
        this.#last = { state, atMs };
        return state;
      },
      (error: unknown) => {
        this.#running = null;
        throw error;
      },
    );
    this.#running = reading;
    return reading;
  }
}
