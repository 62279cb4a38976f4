import { RECOVERY_LIMIT_MS, recoveriesOf } from './recoveries.js';
import type { FaultReport, Report } from './report.js';

/** For people: what `npm run chaos` prints. */
export function reportText(report: Report): string {
  return [
    `chaos: seed ${report.seed}, ${shownExtent(report)}, against ${report.against}: ${report.target}`,
    `servers: ${report.servers}`,
    `commit ${report.commit}, ${report.date}, Node ${report.node}, ${report.machine}, load before ${report.loadAverage.toFixed(2)}`,
    '',
    ...operationLines(report),
    '',
    `faults: ${report.faults.length}`,
    ...report.faults.map(faultLine),
    ...report.skipped.map(({ fault, reason }) => `  skipped: ${fault}: ${reason}`),
    ...killLines(report),
    '',
    report.errors.length === 0 ? 'errors: none' : 'errors:',
    ...report.errors.map(
      ({ kind, operation, count, firstAtMs, lastAtMs, example }) =>
        `  ${String(count).padStart(6)}  ${operation}: ${kind}, ${shownSeconds(firstAtMs)} to ${shownSeconds(lastAtMs)}, for example: ${example}`,
    ),
    '',
    ...resultLines(report),
    '',
  ].join('\n');
}

/** How much was done. */
export function shownExtent({ kills, seconds }: Pick<Report, 'kills' | 'seconds'>): string {
  return kills === null ? `${seconds} s` : `${kills} kills`;
}

function operationLines({ operations, messages, ranForMs }: Report): string[] {
  const counts = Object.entries(operations);
  const total = counts.reduce((sum, [, { succeeded, failed }]) => sum + succeeded + failed, 0);
  return [
    `operations: ${total} in ${shownSeconds(ranForMs)}; messages delivered: ${messages}`,
    ...counts.map(
      ([name, { succeeded, failed, slowestMs }]) =>
        `  ${name.padEnd(12)} ${String(succeeded).padStart(8)} succeeded, ${String(failed).padStart(6)} failed, slowest ${slowestMs} ms`,
    ),
  ];
}

function shownSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function faultLine(fault: FaultReport): string {
  const { directWriteAfterMs, recoveryMs, blackoutMs, moves } = fault;
  const recovery =
    directWriteAfterMs === undefined
      ? ''
      : `; direct write after ${directWriteAfterMs} ms, through the target ${recoveryMs == null ? 'never' : `${recoveryMs} ms later`}`;
  const moved = moves === undefined ? '' : `; ${moves} slots changed their owner`;
  return (
    `  ${shownSeconds(fault.startedAtMs).padStart(8)}  ${fault.fault}${recovery}${moved}` +
    `; blackout of reads ${blackoutMs.read} ms, of writes ${blackoutMs.write} ms`
  );
}

export function shownMs(ms: number): string {
  return Number.isFinite(ms) ? `${ms} ms` : 'never';
}

function killLines(report: Report): string[] {
  const recoveries = recoveriesOf(report);
  if (recoveries === undefined) return [];
  const { kills, inTime, medianMs, slowestMs } = recoveries;
  return [
    `kills: ${kills}; from the first direct write to the first through the target: ${inTime} within ${RECOVERY_LIMIT_MS} ms, median ${shownMs(medianMs)}, slowest ${shownMs(slowestMs)}`,
  ];
}

function resultLines({ violations, problems }: Report): string[] {
  if (violations.length === 0 && problems.length === 0) return ['violations: none'];
  return [
    'violations:',
    ...violations.flatMap(({ rule, count, examples }) => [
      `  ${String(count).padStart(6)}  ${rule}`,
      ...examples.map((example) => `            ${example}`),
    ]),
    ...problems,
  ];
}
