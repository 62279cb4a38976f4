import type { Logger } from '../log/logger.js';
import type { MetricSample } from '../metrics/sample.js';
import type { MemoryUse } from '../native/index.js';
import type { Clock } from '../topology/index.js';
import { MemoryShortage } from './memory-shortage.js';

const MIB = 1024 ** 2;
const LOOK_MS = 1_000;
/** While clients use less than this part of what they may. */
const QUIET_LOOK_MS = 5_000;
const QUIET_PART = 1 / 4;
/** Set aside for the process itself, at least; more where it is seen to need more. */
const OWN_BYTES_LEAST = 64 * MIB;
/** What clients may use, at least, however much the process itself needs. */
const CLIENT_BYTES_LEAST = 16 * MIB;
/** Of what is left: workers may exceed their budget by what comes in one turn. */
const USABLE = 15 / 16;
/** The workers are told of a new budget if it differs by this part of the old one. */
const NOTICEABLE = 1 / 64;
/** Freed memory that is worth asking malloc for, and for how many looks it must have been free. */
const TRIM_BYTES = 8 * MIB;
const TRIM_AFTER_LOOKS = 5;

export interface MemoryBudgetOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the process, in bytes. */
  residentBytes(): number;
  use(): MemoryUse;
  /** Tells the workers what their traffic may use, in bytes; 0: no limit. */
  setBudget(bytes: number): void;
  /** Gives freed memory back to the system. */
  trim(): void;
}

/**
 * Divides `maxMemoryBytes` between the process itself and its clients: what the workers do not account
 * for is the process' own, and the rest is the budget that they keep.
 */
export class MemoryBudget {
  readonly #options: MemoryBudgetOptions;
  readonly #shortage: MemoryShortage;
  #limitBytes: number;
  #budget = 0;
  #stop: () => void = () => undefined;
  /** The most that was in use since memory was given back. */
  #peakBytes = 0;
  #looksBelowPeak = 0;
  #looksSinceTrim = 0;

  /** @param limitBytes For the whole process; 0: no limit. */
  constructor(limitBytes: number, options: MemoryBudgetOptions) {
    this.#limitBytes = limitBytes;
    this.#options = options;
    this.#shortage = new MemoryShortage('memory', options.log);
  }

  start(): void {
    this.#look();
  }

  update(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    this.#deal(this.#options.use().bytes);
  }

  stop(): void {
    this.#stop();
  }

  metrics(): readonly MetricSample[] {
    const gauge = (name: string, help: string, value: number) => ({
      name,
      help,
      labels: {},
      value,
    });
    return [
      gauge('slotgate_memory_limit_bytes', 'maxMemoryBytes; 0: no limit.', this.#limitBytes),
      gauge(
        'slotgate_memory_budget_bytes',
        'What of it is left for the traffic of clients; 0: no limit.',
        this.#budget,
      ),
    ];
  }

  #look(): void {
    const use = this.#options.use();
    this.#trimIfUseful(use);
    this.#deal(use.bytes);
    this.#shortage.tell(use, this.#budget);
    const delayMs = this.#isQuiet(use) ? QUIET_LOOK_MS : LOOK_MS;
    this.#stop = this.#options.clock.after(delayMs, () => this.#look());
  }

  #isQuiet({ bytes, stoppedNow }: MemoryUse): boolean {
    const isSmall = this.#budget === 0 || bytes < this.#budget * QUIET_PART;
    return isSmall && stoppedNow === 0 && this.#peakBytes - bytes < TRIM_BYTES;
  }

  /** What a burst needed stays with malloc, and would count as the process' own. */
  #trimIfUseful({ bytes, stoppedNow }: MemoryUse): void {
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
    this.#looksSinceTrim++;
    const isBelow = this.#peakBytes - bytes >= TRIM_BYTES;
    this.#looksBelowPeak = isBelow ? this.#looksBelowPeak + 1 : 0;
    const isUrgent = isBelow && stoppedNow > 0 && this.#looksSinceTrim > TRIM_AFTER_LOOKS;
    if (isUrgent || this.#looksBelowPeak >= TRIM_AFTER_LOOKS) {
      this.#options.trim();
      this.#peakBytes = bytes;
      this.#looksBelowPeak = 0;
      this.#looksSinceTrim = 0;
    }
  }

  #deal(usedBytes: number): void {
    const own = Math.max(OWN_BYTES_LEAST, this.#options.residentBytes() - usedBytes);
    const left = Math.floor((this.#limitBytes - own) * USABLE);
    const budget = this.#limitBytes === 0 ? 0 : Math.max(CLIENT_BYTES_LEAST, left);
    const isNoticeable = Math.abs(budget - this.#budget) > this.#budget * NOTICEABLE;
    if (isNoticeable || (budget === 0) !== (this.#budget === 0)) {
      this.#budget = budget;
      this.#options.setBudget(budget);
    }
  }
}
