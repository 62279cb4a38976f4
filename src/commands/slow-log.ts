import type { SlowRequest } from '../native/types.js';

/** A request that took long. */
export interface SlowLogEntry extends SlowRequest {
  readonly id: number;
  /** Unix time at which it was answered. */
  readonly seconds: number;
}

/** The newest slow requests of a database. */
export class SlowLog {
  readonly #now: () => number;
  /** Newest last. */
  readonly #entries: SlowLogEntry[] = [];
  #most: number;
  #nextId = 0;

  /** @param now Unix time in milliseconds. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  get length(): number {
    return this.#entries.length;
  }

  add(request: SlowRequest): void {
    const seconds = Math.floor(this.#now() / 1000);
    this.#entries.push({ ...request, id: this.#nextId++, seconds });
    this.#trim();
  }

  /** @param count At most so many, newest first. */
  newest(count: number): readonly SlowLogEntry[] {
    return this.#entries.slice(Math.max(0, this.#entries.length - count)).reverse();
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** Keeps at most so many from now on. */
  keep(most: number): void {
    this.#most = most;
    this.#trim();
  }

  #trim(): void {
    this.#entries.splice(0, Math.max(0, this.#entries.length - this.#most));
  }
}
