import type { Logger } from '../log/logger.js';
import type { MetricSnapshot } from '../metrics/sample.js';
import type { MemoryUse } from '../native/index.js';
import type { Clock } from '../topology/index.js';
import { MemoryShortage } from './memory-shortage.js';

const LOOK_MS = 1_000;

export interface DatabaseMemoryOptions {
  readonly clock: Clock;
  readonly log: Logger;
  use(): MemoryUse;
}

/** Tells what comes of `maxDatabaseMemoryBytes`, which the workers keep. */
export class DatabaseMemory {
  readonly #options: DatabaseMemoryOptions;
  readonly #shortage: MemoryShortage;
  #limitBytes = 0;
  #stop: (() => void) | undefined;

  /** @param limitBytes 0: no limit. */
  constructor(limitBytes: number, options: DatabaseMemoryOptions) {
    this.#options = options;
    this.#shortage = new MemoryShortage('memory of the database', options.log);
    this.update(limitBytes);
  }

  update(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    if (limitBytes !== 0 && this.#stop === undefined) {
      this.#look();
    }
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** @param database Its name. */
  metrics(database: string): MetricSnapshot {
    const use = this.#options.use();
    const sample = (name: string, help: string, value: number) => ({
      name: `slotgate_database_memory_${name}`,
      help,
      labels: { database },
      value,
    });
    return {
      counters: [
        sample(
          'stops_total',
          'Times that a client was not read for maxDatabaseMemoryBytes.',
          use.stops,
        ),
        sample('closed_total', 'Clients closed for maxDatabaseMemoryBytes.', use.closed),
        sample('refused_total', 'Clients refused for maxDatabaseMemoryBytes.', use.refused),
      ],
      gauges: [
        sample('limit_bytes', 'maxDatabaseMemoryBytes; 0: no limit.', this.#limitBytes),
        sample(
          'bytes',
          'What its traffic uses, as measured where it may come near its limit; else 0.',
          use.bytes,
        ),
        sample(
          'stopped_clients',
          'Clients that are not read now for maxDatabaseMemoryBytes.',
          use.stoppedNow,
        ),
      ],
    };
  }

  #look(): void {
    const use = this.#options.use();
    this.#shortage.tell(use, this.#limitBytes);
    const isOver = this.#limitBytes === 0 && use.stoppedNow === 0;
    this.#stop = isOver ? undefined : this.#options.clock.after(LOOK_MS, () => this.#look());
  }
}
