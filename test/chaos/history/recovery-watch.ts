/** Waits for the first success on each of some slots. */
export class RecoveryWatch {
  readonly #slots: ReadonlySet<number>;
  readonly #recoveredAt = new Map<number, number>();

  constructor(slots: readonly number[]) {
    this.#slots = new Set(slots);
  }

  succeeded(slot: number, at: number): void {
    if (this.#slots.has(slot) && !this.#recoveredAt.has(slot)) this.#recoveredAt.set(slot, at);
  }

  get isComplete(): boolean {
    return this.#recoveredAt.size === this.#slots.size;
  }

  /** By slot, in ms of the run. */
  get recoveredAt(): ReadonlyMap<number, number> {
    return this.#recoveredAt;
  }
}
