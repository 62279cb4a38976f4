import { renderBursts } from '../bursts/report.js';
import { renderInterference } from '../interference/report.js';
import { renderIsolation } from '../isolation/report.js';
import { spreadCell, table } from '../support/tables.js';
import {
  type CaseTargetResult,
  type MemoryResult,
  type Result,
  type SpeedResult,
  writeResult,
} from './results.js';

const MEBIBYTE = 1024 * 1024;

/** Writes a result to its file, and prints it. */
export async function publishResult(name: string, result: Result): Promise<void> {
  const path = await writeResult(name, result);
  console.log(renderResult(result));
  console.log(`Written to ${path}`);
}

/** A result as Markdown: what was measured where, then its tables. */
export function renderResult(result: Result): string {
  return `${renderHeader(result)}\n\n${renderTables(result)}`;
}

function renderTables(result: Result): string {
  switch (result.kind) {
    case 'speed':
      return renderSpeed(result);
    case 'memory':
      return renderMemory(result);
    case 'interference':
      return renderInterference(result);
    case 'isolation':
      return renderIsolation(result);
    case 'bursts':
      return renderBursts(result);
  }
}

function renderHeader(result: Result): string {
  const { machine, versions } = result;
  const isPeers = result.kind === 'speed' || result.kind === 'memory';
  const script = isPeers ? 'bench:peers' : `bench:${result.kind}`;
  const memory = Math.round(machine.memoryBytes / MEBIBYTE);
  return [
    `Measured by \`npm run ${script} -- ${result.options.join(' ')}\``.replace(' -- `', '`'),
    `on ${result.date.slice(0, 10)}, commit ${result.commit}.`,
    `Machine: ${machine.cores} × ${machine.cpu}, ${memory} MiB, Linux ${machine.kernel};`,
    `load before the start ${machine.loadAverage.toFixed(2)}.`,
    `Node ${versions.node}, servers ${versions.servers}.\n`,
    ...result.targets.map(({ name, about }) => `- **${name}**: ${about}`),
  ].join('\n');
}

function renderSpeed(result: SpeedResult): string {
  const tool = result.systemCallTool;
  return [
    `### CPU time per request, ${result.reference} divided by peer`,
    '',
    `Median of the ratios of ${result.rounds} alternating rounds (smallest – largest).`,
    '',
    ratioTable(result),
    '',
    '### All figures',
    '',
    `Medians of ${result.rounds} rounds. CPU: all threads of the process.`,
    tool === 'none'
      ? 'System calls and requests per turn: from Slotgate’s own counters.'
      : `System calls and requests per turn: counted by ${tool} in runs of their own.`,
    '',
    figureTable(result),
    ...(tool === 'none'
      ? []
      : ['', '### System calls per request, by kind', '', callTable(result)]),
  ].join('\n');
}

function ratioTable(result: SpeedResult): string {
  const names = result.targets.map(({ name }) => name).filter((name) => name !== result.reference);
  const rows = result.cases.map(({ name, targets }) => [
    name,
    ...names.map((peer) => spreadCell(targets[peer]?.referenceRatio?.cpuMicros)),
  ]);
  return table(['case', ...names], rows);
}

function figureTable(result: SpeedResult): string {
  const columns = ['case', 'target', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs/request'];
  const more = ['system calls/request', 'requests/turn', 'requests/s ratio', 'p50 ratio'];
  const rows = result.cases.flatMap(({ name, targets }) =>
    Object.entries(targets).map(([target, figures]) => [name, target, ...figureCells(figures)]),
  );
  return table([...columns, ...more], rows);
}

function figureCells(figures: CaseTargetResult): readonly string[] {
  const { median, systemCalls, referenceRatio } = figures;
  return [
    median.requestsPerSecond.toFixed(0),
    median.p50Ms.toFixed(3),
    median.p99Ms.toFixed(3),
    median.cpuMicros.toFixed(2),
    numberCell(systemCalls?.perRequest ?? median.ownSystemCalls),
    numberCell(median.ownRequestsPerTurn ?? systemCalls?.requestsPerTurn),
    spreadCell(referenceRatio?.requestsPerSecond),
    spreadCell(referenceRatio?.p50Ms),
  ];
}

function callTable(result: SpeedResult): string {
  const rows = result.cases.flatMap(({ name, targets }) =>
    Object.entries(targets).map(([target, { systemCalls }]) => [
      name,
      target,
      Object.entries(systemCalls?.byKind ?? {})
        .filter(([, count]) => count >= 0.005)
        .sort(([, a], [, b]) => b - a)
        .map(([kind, count]) => `${kind} ${count.toFixed(2)}`)
        .join(', '),
    ]),
  );
  return table(['case', 'target', 'calls'], rows);
}

function renderMemory(result: MemoryResult): string {
  const mebibytes = (bytes: number) => (bytes / MEBIBYTE).toFixed(1);
  const rows = Object.entries(result.memory).map(([name, memory]) => [
    name,
    mebibytes(memory.idleBytes),
    mebibytes(memory.warmBytes),
    mebibytes(memory.withClientsBytes),
    mebibytes(memory.afterClientsBytes),
    memory.perClientBytes.toFixed(0),
    ((memory.withClientsBytes - memory.warmBytes) / result.clients).toFixed(0),
  ]);
  const kibibytes = result.burstBytes / 1024;
  return [
    `Resident memory in MiB. ${result.clients} clients each sent a pipelined burst of ${kibibytes} KiB,`,
    `read all replies and rested ${result.restMs / 1000} s. "Warm" is after 50 such clients have left.`,
    `Open files (ulimit -n): ${result.openFilesMax < 0 ? 'unlimited' : result.openFilesMax}.`,
    '',
    table(
      [
        ...['target', 'idle', 'warm', 'with clients', 'after they left'],
        ...['bytes per client over idle', 'over warm'],
      ],
      rows,
    ),
  ].join('\n');
}

function numberCell(value: number | null | undefined): string {
  return value === undefined || value === null ? '–' : value.toFixed(2);
}
