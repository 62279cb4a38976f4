import type { SlotRange } from './types.js';

type RangesByOwner = ReadonlyMap<number, readonly SlotRange[]>;

/** Many clients ask for the topology at once when it changes. */
const KNOWN = new WeakMap<Uint16Array, RangesByOwner>();

/**
 * The ranges of slots that each owner has, in ascending order.
 * @param owners By slot; any number stands for an owner. Never changed after this.
 */
export function rangesByOwner(owners: Uint16Array): RangesByOwner {
  const known = KNOWN.get(owners) ?? computeRanges(owners);
  KNOWN.set(owners, known);
  return known;
}

function computeRanges(owners: Uint16Array): RangesByOwner {
  const ranges = new Map<number, SlotRange[]>();
  let first = 0;
  for (let slot = 1; slot <= owners.length; slot++) {
    const owner = owners[first];
    if (owner !== undefined && owners[slot] !== owner) {
      const own = ranges.get(owner) ?? [];
      own.push([first, slot - 1]);
      ranges.set(owner, own);
      first = slot;
    }
  }
  return ranges;
}

export function countSlots({ slots }: { readonly slots: readonly SlotRange[] }): number {
  return slots.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
