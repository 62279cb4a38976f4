import type { FaultRecord } from '../history/fault-record.js';
import { describeFault } from '../plan/faults.js';
import type { Violation } from './violation.js';

/** A time in which the process of the clients itself did not run. */
export interface Stall {
  readonly at: number;
  readonly ms: number;
}

/** Whether a fault is one after which the time of recovery is measured. */
export function isKill({ fault }: FaultRecord): boolean {
  return fault.kind === 'kill-primary' || fault.kind === 'restart-primary';
}

/** The slowest slot: from the first write straight at the server to the first through the target. */
export function recoveryMs({ directAt, recoveredAt, slots }: FaultRecord): number | undefined {
  if (directAt === undefined || recoveredAt === undefined) return undefined;
  const times = slots.map((slot) => (recoveredAt.get(slot) ?? Infinity) - directAt);
  return Math.max(0, ...times);
}

/** After a kill, all slots are served within the limit; the time of stalls is added to it. */
export function checkRecovery(
  record: FaultRecord,
  stalls: readonly Stall[],
  limitMs: number,
): readonly Violation[] {
  const took = recoveryMs(record);
  const { directAt } = record;
  if (!isKill(record) || took === undefined || directAt === undefined) return [];
  const stalled = stalls
    .filter(({ at }) => at >= directAt && at <= directAt + took)
    .reduce((sum, { ms }) => sum + ms, 0);
  return took <= limitMs + stalled
    ? []
    : [{ rule: 'slow recovery', detail: `${describeFault(record.fault)}: ${Math.round(took)} ms` }];
}
