import type { FaultRecord } from '../history/fault-record.js';
import { ListHistory } from '../history/list-history.js';

export const SLOT = 5;

/** A primary that was killed at 10 s; its replica took over, and all was well at 15 s. */
export const KILL: FaultRecord = {
  fault: { kind: 'kill-primary', shard: 0, restartAfterMs: 100 },
  startedAt: 10_000,
  settledAt: 15_000,
  slots: [SLOT],
  mayLoseTail: true,
  directAt: 13_000,
  recoveredAt: new Map([[SLOT, 13_200]]),
  blackout: { read: 3_200, write: 3_200 },
};

/** A reply: when, and the length that it gave; or an error that says whether it was executed. */
export type Told =
  | { readonly at: number; readonly position: number; readonly isSafe?: true }
  | 'no'
  | 'unknown'
  | 'nothing';

/** A list with these replies, one after the other. */
export function forgeList(...told: readonly Told[]): ListHistory {
  const list = new ListHistory('w1', '{a}:w1', SLOT);
  for (const reply of told) {
    const index = list.log.add();
    if (reply === 'nothing') continue;
    if (typeof reply === 'string') {
      list.log.fail(index, reply, 0);
    } else {
      list.log.acknowledge(index, reply.at, reply.position);
      if (reply.isSafe === true) list.log.protect(index);
    }
  }
  return list;
}

/** Acknowledged, one after the other, at these times. */
export function acknowledgedAt(...times: readonly number[]): Told[] {
  return times.map((at, i) => ({ at, position: i + 1 }));
}

export function tokens(...numbers: readonly number[]): string[] {
  return numbers.map((number) => `w1:${number}`);
}
