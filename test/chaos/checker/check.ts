import type { FaultRecord } from '../history/fault-record.js';
import type { ListHistory } from '../history/list-history.js';
import type { Recorder } from '../history/recorder.js';
import { checkError, checkPassedForOrder, type ErrorLimits } from './check-errors.js';
import { checkList, checkTwins } from './check-lists.js';
import { checkChannel, checkOpen, checkStaleRead } from './check-observations.js';
import { checkQueue } from './check-queues.js';
import { checkRecovery, type Stall } from './check-recovery.js';
import type { Violation } from './violation.js';

export interface RunFacts {
  readonly faults: readonly FaultRecord[];
  readonly stalls: readonly Stall[];
  readonly limits: ErrorLimits;
  /** The target promises which errors there are, and when. */
  readonly hasContract: boolean;
  /** What a list holds at the end. */
  readonly read: (list: ListHistory) => Promise<readonly string[]>;
}

/** All that is wrong with a run. */
export async function checkRun(recorder: Recorder, facts: RunFacts): Promise<Violation[]> {
  const { faults, limits, stalls, hasContract } = facts;
  return [
    ...recorder.mismatches.map((detail) => ({ rule: 'wrong reply' as const, detail })),
    ...(await checkKeys(recorder, facts)),
    ...(hasContract ? recorder.errors : []).flatMap((error) => checkError(error, faults, limits)),
    ...(hasContract ? checkPassedForOrder(recorder.errors, limits) : []),
    ...recorder.staleReads.flatMap((read) => checkStaleRead(read, faults)),
    ...recorder.channels.flatMap((channel) => checkChannel(channel, faults)),
    ...faults.flatMap((fault) => checkRecovery(fault, stalls, limits.recoveryMs)),
    ...checkOpen(recorder.open),
    ...(recorder.dropped === 0
      ? []
      : [{ rule: 'not checked' as const, detail: `${recorder.dropped} observations too many` }]),
  ];
}

/** One key at a time is read: all of them may be more than fits. */
async function checkKeys(recorder: Recorder, { faults, read }: RunFacts): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const list of recorder.lists) {
    violations.push(...checkList(list, await read(list), faults));
  }
  for (const [one, other] of recorder.twins) {
    violations.push(...checkTwins([one, other], [await read(one), await read(other)]));
  }
  for (const queue of recorder.queues) {
    violations.push(...checkQueue(queue, await read(queue.list), faults));
  }
  return violations;
}
