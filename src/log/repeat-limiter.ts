import type { LogFields } from './logger.js';

/** A repeated message is written at most once in this time. */
const WINDOW_MS = 1_000;
/** Different messages that are remembered; the one seen longest ago is forgotten first. */
const MAX_REMEMBERED = 512;

interface Remembered {
  readonly windowStartedAtMs: number;
  suppressed: number;
  /** Writes the last suppressed message with its count. */
  flush: (suppressed: number) => void;
}

export interface RepeatClock {
  now(): number;
  /** Calls back once after `delayMs`, without keeping the process alive. */
  schedule(callback: () => void, delayMs: number): void;
}

export const SYSTEM_CLOCK: RepeatClock = {
  now: () => performance.now(),
  schedule: (callback, delayMs) => {
    setTimeout(callback, delayMs).unref();
  },
};

/**
 * Lets a message through at most once a second. What was held back is counted, and the last of it
 * is written at the end of its second with that count, so that nothing is lost silently.
 */
export class RepeatLimiter {
  readonly #clock: RepeatClock;
  readonly #remembered = new Map<string, Remembered>();

  constructor(clock: RepeatClock = SYSTEM_CLOCK) {
    this.#clock = clock;
  }

  /** Calls `write` now or, if `key` was written less than a second ago, perhaps at the end of that second. */
  pass(key: string, write: (suppressed: number) => void): void {
    const nowMs = this.#clock.now();
    const known = this.#remembered.get(key);
    if (known !== undefined && nowMs - known.windowStartedAtMs < WINDOW_MS) {
      known.flush = write;
      known.suppressed += 1;
      if (known.suppressed === 1) {
        const restMs = known.windowStartedAtMs + WINDOW_MS - nowMs;
        this.#clock.schedule(() => this.#endWindow(key, known), restMs);
      }
      return;
    }
    this.#remember(key, write);
    write(0);
  }

  #remember(key: string, flush: (suppressed: number) => void): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, { windowStartedAtMs: this.#clock.now(), suppressed: 0, flush });
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const oldest = this.#remembered.keys().next();
    if (oldest.done !== true) this.#remembered.delete(oldest.value);
  }

  #endWindow(key: string, window: Remembered): void {
    // The flush opens the next window: a message that keeps coming is written once a second.
    this.#remember(key, window.flush);
    window.flush(window.suppressed);
  }
}

/**
 * Messages are the same if text and names are; numbers may differ, or a growing counter in a
 * message would make each one new.
 */
export function repeatKey(level: string, message: string, fields: LogFields | undefined): string {
  const names = Object.values(fields ?? {}).filter((value) => typeof value === 'string');
  return [level, message, ...names].join('\u0000');
}
