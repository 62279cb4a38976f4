import type { FaultRecord } from '../history/fault-record.js';
import type { QueueHistory } from '../history/queue-history.js';
import { Outcome } from '../history/token-log.js';
import { mayBeLost } from './lost-tail.js';
import type { Violation } from './violation.js';

/**
 * Every token comes out of a queue at most once and in order, unless the primary that gave it failed
 * before its replica knew; and whatever went in comes out, or is there at the end. A pop of unknown
 * outcome may have taken one.
 */
export function checkQueue(
  queue: QueueHistory,
  final: readonly string[],
  faults: readonly FaultRecord[],
): readonly Violation[] {
  const { list } = queue;
  const isForgotten = (at: number) => mayBeLost(list.slot, at, faults).length > 0;
  const left = final.flatMap((token) => list.indexOf(token) ?? []);
  const stillThere = left.filter((index) => {
    const poppedAt = queue.poppedAt(index);
    return poppedAt !== undefined && !isForgotten(poppedAt);
  });
  return [
    ...final
      .filter((token) => list.indexOf(token) === undefined)
      .map((token) => violation(queue, 'foreign value', `${token} was not sent to it`)),
    ...queue.foreign.map(({ token }) => violation(queue, 'foreign value', `${token} came out`)),
    ...queue.repeated
      .filter(({ firstAt }) => !isForgotten(firstAt))
      .map(({ token }) => violation(queue, 'executed twice', `${token} came out twice`)),
    ...stillThere.map((index) =>
      violation(queue, 'executed twice', `${list.token(index)} came out and is still there`),
    ),
    ...queue.disordered
      .filter(({ firstAt }) => !isForgotten(firstAt))
      .map(({ index, younger, firstAt, at }) => {
        const late = `${list.describe(index)} came out at ${Math.round(at)} ms`;
        const before = `${list.describe(younger)} at ${Math.round(firstAt)} ms`;
        return violation(queue, 'out of order', `${late}, behind ${before}`);
      }),
    ...checkOutcomes(queue, new Set(left), isForgotten),
  ];
}

function checkOutcomes(
  queue: QueueHistory,
  left: ReadonlySet<number>,
  isForgotten: (at: number) => boolean,
): readonly Violation[] {
  const { list } = queue;
  const missing: string[] = [];
  const violations: Violation[] = [];
  for (let index = 0; index < list.log.size; index++) {
    const hasBeenThere = queue.poppedAt(index) !== undefined || left.has(index);
    if (hasBeenThere && list.log.outcome(index) === Outcome.refused) {
      violations.push(violation(queue, 'executed though refused', list.token(index)));
    }
    const mustBeThere = list.log.isAcknowledged(index) && !isForgotten(list.log.answeredAt(index));
    if (!hasBeenThere && mustBeThere) missing.push(list.token(index));
  }
  // Which one a pop of unknown outcome took, nobody can say: only their number counts.
  return missing.length > queue.unknownPops
    ? [...violations, violation(queue, 'lost', `${missing.length}, first ${missing[0]}`)]
    : violations;
}

function violation(queue: QueueHistory, rule: Violation['rule'], what: string): Violation {
  return { rule, detail: `${queue.list.key}: ${what}` };
}
