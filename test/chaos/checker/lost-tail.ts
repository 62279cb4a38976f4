import type { FaultRecord } from '../history/fault-record.js';

/**
 * How old the newest write may be that a replica does not have. It is sent to the replica together
 * with the reply; what lies between is the scheduling of two processes on a busy machine.
 */
export const TAIL_MS = 1_000;

/** Acknowledged at this time, a write may be gone: the primary failed before its replica had it. */
export function mayBeLost(
  slot: number,
  acknowledgedAt: number,
  faults: readonly FaultRecord[],
): readonly FaultRecord[] {
  return faults.filter(
    ({ mayLoseTail, slots, startedAt, settledAt }) =>
      mayLoseTail &&
      slots.includes(slot) &&
      acknowledgedAt >= startedAt - TAIL_MS &&
      acknowledgedAt <= settledAt,
  );
}
