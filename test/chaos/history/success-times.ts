/** A time without a success on a slot, in ms of the run. */
interface Gap {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

/** Shorter ones are the pauses between requests. */
const GAP_MIN_MS = 25;
const GAPS_MAX = 200_000;

/** When requests succeeded, slot by slot; only the gaps between are kept. */
export class SuccessTimes {
  readonly #last = new Map<number, number>();
  readonly #gaps: Gap[] = [];

  succeeded(slot: number, at: number): void {
    const from = this.#last.get(slot) ?? 0;
    this.#last.set(slot, at);
    if (at - from >= GAP_MIN_MS && this.#gaps.length < GAPS_MAX) {
      this.#gaps.push({ slot, from, to: at });
    }
  }

  /**
   * The longest time without success on any of the slots that overlaps with this one. It may begin
   * earlier and end later; without any success since, it ends now.
   */
  longestGap(slots: readonly number[], from: number, to: number, now: number): number {
    const finished = this.#gaps.filter((gap) => slots.includes(gap.slot));
    const open = slots.map((slot) => ({ from: this.#last.get(slot) ?? 0, to: now }));
    return [...finished, ...open]
      .filter((gap) => gap.from < to && gap.to > from)
      .reduce((longest, gap) => Math.max(longest, gap.to - gap.from), 0);
  }
}
