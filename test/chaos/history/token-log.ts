/** What became of a write. */
export const Outcome = {
  /** Not answered yet. */
  open: 0,
  acknowledged: 1,
  /** Acknowledged, and WAIT said that a replica has it. */
  safe: 2,
  /** Executed or not: the error says that nobody knows. */
  unknown: 3,
  /** Not executed, says the error. */
  refused: 4,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** By number. */
const OUTCOMES = Object.values(Outcome);
const INITIAL_CAPACITY = 64;

/** What became of writes that are numbered from 0. 13 bytes each. */
export class TokenLog {
  #outcomes = new Uint8Array(INITIAL_CAPACITY);
  #times = new Float64Array(INITIAL_CAPACITY);
  #positions = new Uint32Array(INITIAL_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns The number of the next write. */
  add(): number {
    if (this.#size === this.#outcomes.length) this.#grow();
    return this.#size++;
  }

  /** @param position The length of the list as the reply gave it, or 0 if it did not. */
  acknowledge(index: number, at: number, position: number): void {
    this.#outcomes[index] = Outcome.acknowledged;
    this.#times[index] = at;
    this.#positions[index] = position;
  }

  /** A replica has it; says nothing about one that was not acknowledged. */
  protect(index: number): void {
    if (this.outcome(index) === Outcome.acknowledged) this.#outcomes[index] = Outcome.safe;
  }

  fail(index: number, wasExecuted: 'no' | 'unknown', at: number): void {
    this.#outcomes[index] = wasExecuted === 'no' ? Outcome.refused : Outcome.unknown;
    this.#times[index] = at;
  }

  outcome(index: number): Outcome {
    return OUTCOMES[this.#outcomes[index] ?? Outcome.open] ?? Outcome.open;
  }

  isAcknowledged(index: number): boolean {
    const outcome = this.outcome(index);
    return outcome === Outcome.acknowledged || outcome === Outcome.safe;
  }

  /** When it was answered, in ms of the run. */
  answeredAt(index: number): number {
    return this.#times[index] ?? 0;
  }

  position(index: number): number {
    return this.#positions[index] ?? 0;
  }

  #grow(): void {
    const capacity = 2 * this.#outcomes.length;
    const [outcomes, times, positions] = [this.#outcomes, this.#times, this.#positions];
    this.#outcomes = new Uint8Array(capacity);
    this.#outcomes.set(outcomes);
    this.#times = new Float64Array(capacity);
    this.#times.set(times);
    this.#positions = new Uint32Array(capacity);
    this.#positions.set(positions);
  }
}
