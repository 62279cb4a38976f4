import { isKill, recoveryMs } from '../checker/check-recovery.js';
import type { Rule, Violation } from '../checker/violation.js';
import type { FaultRunner } from '../fault-runner.js';
import { kindOf, UNDOCUMENTED } from '../history/error-kinds.js';
import type { FaultRecord } from '../history/fault-record.js';
import type { OperationCount, Recorder } from '../history/recorder.js';
import { describeFault } from '../plan/faults.js';
import type { Scene } from '../scene.js';

export interface FaultReport {
  readonly fault: string;
  readonly isKill: boolean;
  readonly startedAtMs: number;
  readonly settledAfterMs: number;
  /** Until a write straight at the server that serves the slots now succeeded. */
  readonly directWriteAfterMs?: number;
  /** From there to the first write through the target, on the slowest slot; null if there was none. */
  readonly recoveryMs?: number | null;
  readonly blackoutMs: { readonly read: number; readonly write: number };
}

export interface ErrorReport {
  readonly kind: string;
  readonly operation: string;
  readonly count: number;
  readonly example: string;
}

export interface ViolationReport {
  readonly rule: Rule;
  readonly count: number;
  readonly examples: readonly string[];
}

/** All times in ms. */
export interface Report {
  readonly against: string;
  readonly target: string;
  readonly servers: string;
  readonly seed: number;
  readonly seconds: number;
  readonly nodeTimeoutMs: number;
  readonly ranForMs: number;
  readonly operations: Readonly<Record<string, OperationCount>>;
  readonly messages: number;
  readonly faults: readonly FaultReport[];
  readonly skipped: readonly { readonly fault: string; readonly reason: string }[];
  readonly errors: readonly ErrorReport[];
  readonly violations: readonly ViolationReport[];
  /** What went wrong with the target's process. */
  readonly problems: readonly string[];
}

export interface RunResult {
  readonly options: {
    readonly against: string;
    readonly seed: number;
    readonly seconds: number;
    readonly nodeTimeoutMs: number;
  };
  readonly scene: Scene;
  readonly recorder: Recorder;
  readonly faults: FaultRunner;
  readonly violations: readonly Violation[];
  readonly problems: readonly string[];
}

const EXAMPLES_MAX = 5;

export function makeReport(result: RunResult): Report {
  const { options, scene, recorder, faults, violations, problems } = result;
  return {
    against: options.against,
    target: scene.target.about,
    servers: scene.about,
    seed: options.seed,
    seconds: options.seconds,
    nodeTimeoutMs: options.nodeTimeoutMs,
    ranForMs: Math.round(recorder.now()),
    operations: Object.fromEntries(
      [...recorder.counts].map(([operation, count]) => [
        operation,
        { ...count, slowestMs: Math.round(count.slowestMs) },
      ]),
    ),
    messages: recorder.channels.reduce((sum, { received }) => sum + received, 0),
    faults: faults.records.map(reportFault),
    skipped: faults.skipped.map(({ fault, reason }) => ({ fault: describeFault(fault), reason })),
    errors: reportErrors(recorder),
    violations: reportViolations(violations),
    problems,
  };
}

function reportFault(record: FaultRecord): FaultReport {
  const { startedAt, settledAt, directAt, blackout } = record;
  const recovery = recoveryMs(record);
  return {
    fault: describeFault(record.fault),
    isKill: isKill(record),
    startedAtMs: Math.round(startedAt),
    settledAfterMs: Math.round(settledAt - startedAt),
    ...(directAt === undefined ? {} : { directWriteAfterMs: Math.round(directAt - startedAt) }),
    ...(recovery === undefined
      ? {}
      : { recoveryMs: Number.isFinite(recovery) ? Math.round(recovery) : null }),
    blackoutMs: { read: Math.round(blackout.read), write: Math.round(blackout.write) },
  };
}

/** By kind and operation; errors that no document has, by their words without numbers. */
function reportErrors(recorder: Recorder): ErrorReport[] {
  const groups = new Map<
    string,
    { kind: string; operation: string; count: number; example: string }
  >();
  for (const { operation, message } of recorder.errors) {
    const documented = kindOf(message);
    const kind = documented === UNDOCUMENTED ? message.replaceAll(/\d+/g, 'N') : documented.name;
    const group = groups.get(`${kind} ${operation}`) ?? {
      kind,
      operation,
      count: 0,
      example: message,
    };
    group.count++;
    groups.set(`${kind} ${operation}`, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

function reportViolations(violations: readonly Violation[]): ViolationReport[] {
  const byRule = new Map<Rule, string[]>();
  for (const { rule, detail } of violations) {
    byRule.set(rule, [...(byRule.get(rule) ?? []), detail]);
  }
  return [...byRule].map(([rule, details]) => ({
    rule,
    count: details.length,
    examples: details.slice(0, EXAMPLES_MAX),
  }));
}
