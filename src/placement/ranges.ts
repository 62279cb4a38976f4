import type { SlotRange } from './types.js';

/**
 * The ranges of slots that each owner has, in ascending order.
 * @param owners By slot; any number stands for an owner.
 */
export function rangesByOwner(owners: Uint16Array): ReadonlyMap<number, readonly SlotRange[]> {
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
