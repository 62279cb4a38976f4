import type { Clock } from './clock.js';

/** What the monitor needs of a logger; pino's instances fit. */
export interface TopologyLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const REPEAT_MS = 10_000;
const REMEMBERED_MAX = 100;

/** Warns at most every 10 s of the same thing, however often it is tried again. */
export class RepeatedWarning {
  readonly #log: TopologyLog;
  readonly #clock: Clock;
  readonly #loggedAtMs = new Map<string, number>();

  constructor(log: TopologyLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** @param fields Not compared: only `message` tells one warning from another. */
  warn(fields: object, message: string): void {
    const nowMs = this.#clock.nowMs();
    const lastMs = this.#loggedAtMs.get(message) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < REPEAT_MS) {
      return;
    }
    if (this.#loggedAtMs.size >= REMEMBERED_MAX) {
      this.#loggedAtMs.clear();
    }
    this.#loggedAtMs.set(message, nowMs);
    this.#log.warn(fields, message);
  }
}
