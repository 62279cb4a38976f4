import { type ErrorKind, kindOf } from '../history/error-kinds.js';
import type { FaultRecord } from '../history/fault-record.js';
import { classOf } from '../history/operations.js';
import type { ErrorRecord } from '../history/recorder.js';
import { losesConnections } from '../plan/faults.js';
import type { Rule, Violation } from './violation.js';

export interface ErrorLimits {
  /** How long the target waits for a shard before it gives up. */
  readonly holdMs: number;
  /** How long it may take to notice that a shard is back. */
  readonly recoveryMs: number;
  /** Refusals that the target counted as passed on, since a younger request had been executed. */
  readonly passedForOrder: number;
}

/** A request may feel a fault so long after all is well: it was on its way, or waits its turn. */
const AFTERMATH_MS = 1_000;
/** The clocks of client and target measure from different moments. */
const CLOCK_MS = 20;
const SCRIPTS = ['eval', 'evalsha'];

/** Every error is one that the contract has, and in a situation for which the contract has it. */
export function checkError(
  error: ErrorRecord,
  faults: readonly FaultRecord[],
  limits: ErrorLimits,
): readonly Violation[] {
  const near = faults.filter(
    ({ startedAt, settledAt }) => error.at >= startedAt && error.sentAt <= settledAt + AFTERMATH_MS,
  );
  const rule = broken(error, kindOf(error.message), near, limits);
  return rule === undefined ? [] : [{ rule, detail: describe(error) }];
}

function broken(
  error: ErrorRecord,
  kind: ErrorKind,
  near: readonly FaultRecord[],
  limits: ErrorLimits,
): Rule | undefined {
  // A server that was only to be stopped for a while may have been replaced on a busy machine.
  const mayLoseConnection = near.some(
    ({ fault, mayLoseTail }) => mayLoseTail || losesConnections(fault),
  );
  if (kind.when === 'never') {
    // Half of a large reply was forwarded already.
    const isCutReply = kind.name === 'connection closed' && error.operation === 'large-get';
    return isCutReply && mayLoseConnection ? undefined : 'undocumented error';
  }
  if (near.length === 0) return 'error without a fault';
  if (isPassedForOrder(error, limits)) return undefined;
  if (kind.when === 'refusal') return brokenRefusal(error, near, limits);
  // A read is repeated once; nobody waits for longer than the hold.
  const isInTime = error.at - error.sentAt < limits.holdMs;
  if (classOf(error.operation) === 'read' && isInTime) return 'read failed';
  return kind.when === 'connection-lost' && !mayLoseConnection
    ? 'error without a fault'
    : undefined;
}

/** What may be waited out is waited out, until the time is up and the shard is still not there. */
function brokenRefusal(
  error: ErrorRecord,
  near: readonly FaultRecord[],
  { holdMs, recoveryMs }: ErrorLimits,
): Rule | undefined {
  // A script may have written such an error itself, so it is passed on.
  if (SCRIPTS.includes(error.operation)) return undefined;
  if (error.at - error.sentAt < holdMs - CLOCK_MS) return 'refused early';
  const wasDown = near.some((fault) => (fault.directAt ?? fault.settledAt) > error.at - recoveryMs);
  return wasDown ? undefined : 'refused though served';
}

/** To repeat it would change the order; so it is passed on at once. */
function isPassedForOrder(error: ErrorRecord, { holdMs }: Pick<ErrorLimits, 'holdMs'>): boolean {
  const isEarly = error.at - error.sentAt < holdMs - CLOCK_MS;
  return error.mayBeOvertaken && isEarly && kindOf(error.message).when === 'refusal';
}

/** Not more refusals are passed on at once than the target says. */
export function checkPassedForOrder(
  errors: readonly ErrorRecord[],
  limits: ErrorLimits,
): readonly Violation[] {
  const passed = errors.filter(
    (error) => isPassedForOrder(error, limits) && !SCRIPTS.includes(error.operation),
  );
  const [example] = passed;
  return example === undefined || passed.length <= limits.passedForOrder
    ? []
    : [
        {
          rule: 'refused early',
          detail: `${passed.length}, of which ${limits.passedForOrder} for the order; ${describe(example)}`,
        },
      ];
}

function describe({ client, operation, sentAt, at, message }: ErrorRecord): string {
  return `${client}, ${operation}, ${Math.round(sentAt)}-${Math.round(at)} ms: ${message}`;
}
