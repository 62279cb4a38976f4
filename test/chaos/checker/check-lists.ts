import type { FaultRecord } from '../history/fault-record.js';
import type { ListHistory } from '../history/list-history.js';
import { Outcome } from '../history/token-log.js';
import { mayBeLost } from './lost-tail.js';
import type { Rule, Violation } from './violation.js';

/**
 * Holds what a list has at the end against what its client sent and was told: every token at most
 * once, in the order in which it was sent, where its reply said; nothing that was refused; everything
 * that was acknowledged, but for the newest writes to a primary that failed.
 */
export function checkList(
  list: ListHistory,
  final: readonly string[],
  faults: readonly FaultRecord[],
): readonly Violation[] {
  const present = new Set<number | undefined>();
  let before: number | undefined;
  const violations: Violation[] = [];
  for (const [at, token] of final.entries()) {
    const index = list.indexOf(token);
    violations.push(
      ...checkToken(list, { token, index, at, before, isRepeated: present.has(index) }),
    );
    present.add(index);
    before = index;
  }
  return [...violations, ...checkMissing(list, present, faults)];
}

/** Both lists of a pair are written by the same transactions, and so have the same numbers. */
export function checkTwins(
  [one, other]: readonly [ListHistory, ListHistory],
  finals: readonly [readonly string[], readonly string[]],
): readonly Violation[] {
  const numbers = (list: ListHistory, final: readonly string[]) =>
    final.map((token) => list.indexOf(token)).join(' ');
  return numbers(one, finals[0]) === numbers(other, finals[1])
    ? []
    : [
        {
          rule: 'half a transaction',
          detail: `${one.key} has ${finals[0].length} tokens, ${other.key} has ${finals[1].length}`,
        },
      ];
}

interface Place {
  readonly token: string;
  readonly index: number | undefined;
  readonly at: number;
  /** Of the token in front of it. */
  readonly before: number | undefined;
  readonly isRepeated: boolean;
}

function checkToken(list: ListHistory, place: Place): readonly Violation[] {
  const { token, index, at, before, isRepeated } = place;
  const shown = index === undefined ? token : list.describe(index);
  const tell = (rule: Rule, detail: string) => ({
    rule,
    detail: `${list.key}: ${shown} ${detail}`,
  });
  if (index === undefined) return [tell('foreign value', 'was not sent to this list')];
  if (isRepeated) return [tell('executed twice', `is there again at ${at}`)];
  const violations: Violation[] = [];
  if (before !== undefined && before > index) {
    violations.push(tell('out of order', `is behind ${list.describe(before)}`));
  }
  if (list.log.outcome(index) === Outcome.refused) {
    violations.push(tell('executed though refused', `is at ${at}`));
  }
  const position = list.log.position(index);
  if (list.log.isAcknowledged(index) && position !== 0 && position !== at + 1) {
    violations.push(tell('wrong reply', `is at ${at}; its reply said ${position - 1}`));
  }
  return violations;
}

function checkMissing(
  list: ListHistory,
  present: ReadonlySet<number | undefined>,
  faults: readonly FaultRecord[],
): readonly Violation[] {
  const violations: Violation[] = [];
  for (let index = 0; index < list.log.size; index++) {
    if (present.has(index) || !list.log.isAcknowledged(index)) continue;
    const detail = `${list.key}: ${list.describe(index)}`;
    if (list.log.outcome(index) === Outcome.safe) {
      violations.push({ rule: 'lost after WAIT', detail });
    } else if (!isInLostTail(list, index, present, faults)) {
      violations.push({ rule: 'lost', detail });
    }
  }
  return violations;
}

/** In the tail, and nothing younger that was acknowledged before the failure survived. */
function isInLostTail(
  { slot, log }: ListHistory,
  index: number,
  present: ReadonlySet<number | undefined>,
  faults: readonly FaultRecord[],
): boolean {
  return mayBeLost(slot, log.answeredAt(index), faults).some(({ startedAt }) => {
    for (let younger = index + 1; younger < log.size; younger++) {
      const isOlderThanFault = log.isAcknowledged(younger) && log.answeredAt(younger) <= startedAt;
      if (isOlderThanFault && present.has(younger)) return false;
    }
    return true;
  });
}
