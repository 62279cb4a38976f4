import type { FaultReport, Report } from './report.js';

/** For people: what `npm run chaos` prints. */
export function reportText(report: Report): string {
  return [
    `chaos: seed ${report.seed}, ${report.seconds} s, against ${report.against}: ${report.target}`,
    `servers: ${report.servers}`,
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
      ({ kind, operation, count, example }) =>
        `  ${String(count).padStart(6)}  ${operation}: ${kind}, for example: ${example}`,
    ),
    '',
    ...resultLines(report),
    '',
  ].join('\n');
}

function operationLines({ operations, messages, ranForMs }: Report): string[] {
  const counts = Object.entries(operations);
  const total = counts.reduce((sum, [, { succeeded, failed }]) => sum + succeeded + failed, 0);
  return [
    `operations: ${total} in ${(ranForMs / 1_000).toFixed(1)} s; messages delivered: ${messages}`,
    ...counts.map(
      ([name, { succeeded, failed, slowestMs }]) =>
        `  ${name.padEnd(12)} ${String(succeeded).padStart(8)} succeeded, ${String(failed).padStart(6)} failed, slowest ${slowestMs} ms`,
    ),
  ];
}

function faultLine(fault: FaultReport): string {
  const { directWriteAfterMs, recoveryMs, blackoutMs } = fault;
  const recovery =
    directWriteAfterMs === undefined
      ? ''
      : `; direct write after ${directWriteAfterMs} ms, through the target ${recoveryMs ?? 'never'} ms later`;
  return (
    `  ${(fault.startedAtMs / 1_000).toFixed(1).padStart(6)} s  ${fault.fault}${recovery}` +
    `; blackout of reads ${blackoutMs.read} ms, of writes ${blackoutMs.write} ms`
  );
}

function killLines({ faults }: Report): string[] {
  const times = faults
    .filter(({ isKill }) => isKill)
    .map(({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  return median === undefined
    ? []
    : [
        `kills: ${times.length}; recovery after the first direct write: median ${median} ms, slowest ${times.at(-1)} ms`,
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
