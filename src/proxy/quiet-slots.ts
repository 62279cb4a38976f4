import type { NodeSpec } from '../placement/index.js';
import { SLOT_COUNT } from '../topology/index.js';

/** Slots whose node has just changed. Other proxies may not know it yet, and would send clients back. */
export class QuietSlots {
  readonly #changedAtMs = new Float64Array(SLOT_COUNT).fill(Number.NEGATIVE_INFINITY);
  #owners: readonly (string | undefined)[] | undefined;

  /** @param owners As `slotOwners`. Nothing has changed at the first time. */
  note(owners: Uint16Array, nodes: readonly NodeSpec[], nowMs: number): void {
    const before = this.#owners;
    const after = Array.from(owners, (index) => nodes[index]?.id);
    this.#owners = after;
    if (before === undefined) {
      return;
    }
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (before[slot] !== after[slot]) {
        this.#changedAtMs[slot] = nowMs;
      }
    }
  }

  isQuiet(slot: number, nowMs: number, quietMs: number): boolean {
    return nowMs - (this.#changedAtMs[slot] ?? 0) < quietMs;
  }

  /** When the next of the quiet slots is quiet no more; null if none is. */
  nextEndMs(nowMs: number, quietMs: number): number | null {
    const ends = this.#changedAtMs
      .map((changedAtMs) => changedAtMs + quietMs)
      .filter((endMs) => endMs > nowMs);
    return ends.length === 0 ? null : ends.reduce((a, b) => Math.min(a, b));
  }
}
