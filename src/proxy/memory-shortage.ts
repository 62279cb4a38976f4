import type { Logger } from '../log/logger.js';
import type { MemoryUse } from '../native/index.js';

const NOTHING: MemoryUse = { bytes: 0, stoppedNow: 0, stops: 0, closed: 0, refused: 0 };

/** Tells the log when memory becomes short, what is done about it, and when it is short no more. */
export class MemoryShortage {
  readonly #whose: string;
  readonly #log: Logger;
  #last = NOTHING;

  /** @param whose For example `memory of the database`. */
  constructor(whose: string, log: Logger) {
    this.#whose = whose;
    this.#log = log;
  }

  /** @param use What has become of it since the last call is told. */
  tell(use: MemoryUse, budgetBytes: number): void {
    const last = this.#last;
    this.#last = use;
    const fields = { usedBytes: use.bytes, budgetBytes };
    const closed = use.closed - last.closed;
    const refused = use.refused - last.refused;
    if (closed > 0 || refused > 0) {
      this.#log.warn(
        `${this.#whose} is short: clients that use most of it are closed, new ones refused`,
        { ...fields, closed, refused },
      );
    } else if (use.stops > last.stops && last.stoppedNow === 0) {
      this.#log.warn(`${this.#whose} is short: clients that use most of it are not read`, {
        ...fields,
        stopped: use.stoppedNow,
      });
    } else if (use.stoppedNow === 0 && last.stoppedNow > 0) {
      this.#log.info(`${this.#whose} is no longer short: all clients are read`, fields);
    }
  }
}
