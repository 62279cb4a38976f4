import { SLOT_COUNT, type SlotState, UNASSIGNED } from '../../../topology/index.js';
import type { SlotFilter } from '../errands.js';

/** What may have made a scan miss keys between two readings. */
export interface SlotChanges {
  /** Keys of these may have been elsewhere than where they were looked for. */
  readonly slots: readonly number[];
  /** Node ids of primaries that are new, restarted, or may have lost slots and got them back. */
  readonly newTerms: readonly string[];
}

/** Node id of the slot's owner, or null. */
export function ownerOf(state: SlotState, slot: number): string | null {
  return state.primaries[state.owners[slot] ?? UNASSIGNED]?.nodeId ?? null;
}

/**
 * The servers that may hold keys of the slot. Keys of an open slot move from the first ones to the
 * last: whoever looks in this order sees every key.
 */
export function holdersOf(state: SlotState, slot: number): readonly string[] {
  const open = state.openSlots.filter((entry) => entry.slot === slot);
  return nodesOf([
    ...open.map(({ from }) => from),
    ownerOf(state, slot),
    ...open.map(({ to }) => to),
  ]);
}

/** Whether the node owns a slot, or is one of the ends of one that is open. */
export function holdsAnything({ primaries, openSlots }: SlotState, nodeId: string): boolean {
  return (
    primaries.some((primary) => primary.nodeId === nodeId) ||
    openSlots.some(({ from, to }) => from === nodeId || to === nodeId)
  );
}

/** Each node once. */
export function nodesOf(ids: readonly (string | null)[]): readonly string[] {
  return [...new Set(ids)].filter((id) => id !== null);
}

/**
 * What is different in the later reading. A slot has changed with its owner, with the owner's epoch,
 * as when the slot went away and came back, with the owner's process, whose cursors nobody else
 * understands, and when it was opened or closed.
 * @param counts Which slots count, and the terms of their owners.
 */
export function changesBetween(
  before: SlotState,
  after: SlotState,
  counts: SlotFilter,
): SlotChanges {
  const places = after.primaries.map((now) =>
    before.primaries.findIndex(
      (old) =>
        old.nodeId === now.nodeId &&
        old.configEpoch === now.configEpoch &&
        old.runId !== null &&
        old.runId === now.runId,
    ),
  );
  const openBefore = openTexts(before);
  const openAfter = openTexts(after);
  const slots: number[] = [];
  const newTerms = new Set<number>();
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const owner = after.owners[slot] ?? UNASSIGNED;
    if (!counts(slot)) {
      continue;
    }
    if (places[owner] === -1) {
      newTerms.add(owner);
    }
    const same = owner === UNASSIGNED ? UNASSIGNED : places[owner];
    if (same !== before.owners[slot] || openBefore.get(slot) !== openAfter.get(slot)) {
      slots.push(slot);
    }
  }
  const owners = after.primaries.filter((_, i) => newTerms.has(i));
  return { slots, newTerms: owners.map(({ nodeId }) => nodeId) };
}

function openTexts(state: SlotState): ReadonlyMap<number, string> {
  const texts = new Map<number, string>();
  for (const { slot, from, to } of state.openSlots) {
    texts.set(slot, `${texts.get(slot) ?? ''}${from} ${to};`);
  }
  return texts;
}
