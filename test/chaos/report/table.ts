import { recoveriesOf } from './recoveries.js';
import type { Report } from './report.js';
import { shownExtent, shownMs } from './text.js';

const COLUMNS = [
  'run',
  'target',
  'requests',
  'faults',
  'primaries killed: served again within 1 s; median, slowest',
  'longest time without a write',
  'requests that failed, by kind',
  'what must never happen',
];
/** Kinds beyond these, of errors that no document has, are one number. */
const KINDS_SHOWN = 4;
const KIND_SHOWN_LENGTH = 60;

/** Runs as Markdown: a line of a table for each, and below it where they took place. */
export function resultsTable(runs: readonly Report[]): string {
  const rows = runs.map((run) => [
    `seed ${run.seed}, ${shownExtent(run)}, node time-out ${run.nodeTimeoutMs / 1_000} s`,
    run.against,
    String(requestsOf(run)),
    String(run.faults.length),
    recoveryCell(run),
    `${Math.max(0, ...run.faults.map(({ blackoutMs }) => blackoutMs.write))} ms`,
    errorsCell(run),
    violationsCell(run),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    ...[COLUMNS, COLUMNS.map(() => '---'), ...rows].map(line),
    '',
    ...runs.map((run) => `- ${whereabouts(run)}`),
  ].join('\n');
}

function requestsOf({ operations }: Report): number {
  return Object.values(operations).reduce(
    (sum, { succeeded, failed }) => sum + succeeded + failed,
    0,
  );
}

function recoveryCell(run: Report): string {
  const recoveries = recoveriesOf(run);
  if (recoveries === undefined) return '–';
  const { kills, inTime, medianMs, slowestMs } = recoveries;
  return `${inTime} of ${kills}; ${shownMs(medianMs)}, ${shownMs(slowestMs)}`;
}

function errorsCell({ errors }: Report): string {
  const byKind = new Map<string, number>();
  for (const { kind, count } of errors) byKind.set(kind, (byKind.get(kind) ?? 0) + count);
  const sorted = [...byKind].sort(([, a], [, b]) => b - a);
  const others = sorted.slice(KINDS_SHOWN).reduce((sum, [, count]) => sum + count, 0);
  const shown = sorted
    .slice(0, KINDS_SHOWN)
    .map(([kind, count]) => `${count} ${kind.slice(0, KIND_SHOWN_LENGTH)}`);
  return [...shown, ...(others === 0 ? [] : [`${others} others`])].join(', ') || 'none';
}

function violationsCell({ violations, problems }: Report): string {
  const shown = violations.map(({ rule, count }) => `${count} × ${rule}`);
  return [...shown, ...problems].join(', ') || 'none';
}

function whereabouts(run: Report): string {
  const { seed, against, target, servers, date, commit, machine, node, loadAverage } = run;
  return `Seed ${seed}, ${against}: ${target}; ${servers}; ${date.slice(0, 16)} UTC, commit ${commit}, ${machine}, Node ${node}, load before ${loadAverage.toFixed(2)}.`;
}
