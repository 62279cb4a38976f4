import type { SlotState } from '../../../topology/index.js';
import { holdsAnything, nodesOf, ownerOf, type SlotChanges } from './slot-changes.js';
import type { SlotSet } from './slot-set.js';

/**
 * What is to be looked at, and what the cluster was like before the first of it. When all of it has
 * been done and the cluster is still the same, the scan has returned every key.
 */
export interface ScanPlan {
  /** Keys of these slots only; null: of all. */
  readonly scope: SlotSet | null;
  readonly state: SlotState;
  /** Node ids of servers to SCAN from end to end, in this order. */
  readonly nodes: readonly string[];
  /** Slots to list after that, at all who may hold them. */
  readonly slots: readonly number[];
  /** One of `NUMBERINGS`. */
  readonly numbering: number;
}

/**
 * The same plan has other numbers in each of these, and every proxy knows them all. If one mistakes a
 * number for that of another plan, the scan gets round it when it begins again with other ones.
 */
export const NUMBERINGS: readonly number[] = [0, 1];

/** What of a plan has not been done. */
export type Remainder = Pick<ScanPlan, 'nodes' | 'slots'>;

/**
 * The plan of a scan that begins. Keys of open slots may move between servers in any order, so these
 * slots are listed, too.
 */
export function fullPlan(state: SlotState, scope: SlotSet | null, numbering: number): ScanPlan {
  const owners = new Set(state.owners.filter((_, slot) => isIn(scope, slot)));
  const nodes = state.primaries.filter((_, i) => owners.has(i)).map(({ nodeId }) => nodeId);
  const open = state.openSlots.map(({ slot }) => slot).filter((slot) => isIn(scope, slot));
  return { scope, state, nodes, slots: [...new Set(open)], numbering };
}

export function isIn(scope: SlotSet | null, slot: number): boolean {
  return scope === null || scope.has(slot);
}

/**
 * What is left of a plan, and what has changed since it was made. Primaries in a new term are scanned
 * from end to end; of the others the changed slots are listed.
 */
export function repairPlan(
  scope: SlotSet | null,
  state: SlotState,
  left: Remainder,
  changes: SlotChanges,
): ScanPlan {
  const kept = left.nodes.filter((nodeId) => holdsAnything(state, nodeId));
  const nodes = [...kept, ...changes.newTerms.filter((nodeId) => !kept.includes(nodeId))];
  const scanned = new Set(nodes);
  const open = new Set(state.openSlots.map(({ slot }) => slot));
  const slots = [...new Set([...left.slots, ...changes.slots])].filter((slot) => {
    const owner = ownerOf(state, slot);
    return open.has(slot) || (owner !== null && !scanned.has(owner));
  });
  return { scope, state, nodes, slots, numbering: 0 };
}

/** What takes the place of a plan's slots if they cannot be listed: their servers are scanned. */
export function unlistedPlan({ scope, state, slots, numbering }: ScanPlan): ScanPlan {
  const wanted = new Set(slots);
  const open = state.openSlots.filter(({ slot }) => wanted.has(slot));
  const first = nodesOf([
    ...open.map(({ from }) => from),
    ...slots.map((slot) => ownerOf(state, slot)),
  ]);
  // Keys move to these from the others: they come behind them, even if it is for the second time.
  const last = nodesOf(open.map(({ to }) => to));
  return { scope, state, nodes: [...first, ...last], slots: [], numbering };
}
