import { isKill, recoveryMs } from '../checker/check-recovery.js';
import type { Rule, Violation } from '../checker/violation.js';
import type { FaultRunner } from '../fault-runner.js';
import { kindOf, UNDOCUMENTED } from '../history/error-kinds.js';
import type { FaultRecord } from '../history/fault-record.js';
import type { OperationCount, Recorder } from '../history/recorder.js';
import { describeFault } from '../plan/faults.js';
import type { Scene } from '../scene.js';
import type { Environment } from './environment.js';

export interface FaultReport {
  readonly fault: string;
  readonly isKill: boolean;
  readonly startedAtMs: number;
  readonly settledAfterMs: number;
  /** Until a write straight at the server that serves the slots now succeeded. */
  readonly directWriteAfterMs?: number;
  /** Slots that changed their owner. */
  readonly moves?: number;
  /** From there to the first write through the target, on the slowest slot; null if there was none. */
  readonly recoveryMs?: number | null;
  readonly blackoutMs: { readonly read: number; readonly write: number };
}

export interface ErrorReport {
  readonly kind: string;
  readonly operation: string;
  readonly count: number;
  /** When the replies came. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly example: string;
}

export interface ViolationReport {
  readonly rule: Rule;
  readonly count: number;
  readonly examples: readonly string[];
}

/** All times in ms. */
export interface Report extends Environment {
  readonly against: string;
  readonly target: string;
  readonly servers: string;
  readonly seed: number;
  readonly seconds: number;
  /** Instead of faults of all kinds; null if there were such. */
  readonly kills: number | null;
  readonly nodeTimeoutMs: number;
  readonly ranForMs: number;
  readonly operations: Readonly<Record<string, OperationCount>>;
  readonly messages: number;
  readonly faults: readonly FaultReport[];
  readonly skipped: readonly { readonly fault: string; readonly reason: string }[];
  readonly errors: readonly ErrorReport[];
  readonly violations: readonly ViolationReport[];
  /** What went wrong with the target's process, or with a fault. */
  readonly problems: readonly string[];
}

export interface RunResult {
  readonly options: {
    readonly against: string;
    readonly seed: number;
    readonly seconds: number;
    readonly kills?: number | undefined;
    readonly nodeTimeoutMs: number;
  };
  readonly setting: { readonly scene: Scene; readonly environment: Environment };
  readonly recorder: Recorder;
  readonly faults: FaultRunner;
  readonly violations: readonly Violation[];
}

const EXAMPLES_MAX = 5;

export function makeReport(result: RunResult): Report {
  const { options, setting, recorder, faults, violations } = result;
  const { scene, environment } = setting;
  return {
    ...environment,
    against: options.against,
    target: scene.target.about,
    servers: scene.about,
    seed: options.seed,
    seconds: options.seconds,
    kills: options.kills ?? null,
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
    problems: [...scene.target.problems(), ...faults.records.flatMap(reportTrouble)],
  };
}

function reportFault(record: FaultRecord): FaultReport {
  const { startedAt, settledAt, directAt, blackout, moves } = record;
  const recovery = recoveryMs(record);
  return {
    fault: describeFault(record.fault),
    isKill: isKill(record),
    startedAtMs: Math.round(startedAt),
    settledAfterMs: Math.round(settledAt - startedAt),
    ...(moves === undefined ? {} : { moves }),
    ...(directAt === undefined ? {} : { directWriteAfterMs: Math.round(directAt - startedAt) }),
    ...(recovery === undefined
      ? {}
      : { recoveryMs: Number.isFinite(recovery) ? Math.round(recovery) : null }),
    blackoutMs: { read: Math.round(blackout.read), write: Math.round(blackout.write) },
  };
}

function reportTrouble({ fault, trouble }: FaultRecord): string[] {
  return trouble === undefined ? [] : [`${describeFault(fault)}: ${trouble}`];
}

/** By kind and operation; errors that no document has, by their words without numbers. */
function reportErrors(recorder: Recorder): ErrorReport[] {
  const groups = new Map<string, ErrorReport>();
  for (const { operation, message, at } of recorder.errors) {
    const documented = kindOf(message);
    const kind = documented === UNDOCUMENTED ? message.replaceAll(/\d+/g, 'N') : documented.name;
    const name = `${kind} ${operation}`;
    const lastAtMs = Math.round(at);
    const group = groups.get(name) ?? { count: 0, firstAtMs: lastAtMs, example: message };
    groups.set(name, { ...group, kind, operation, count: group.count + 1, lastAtMs });
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
