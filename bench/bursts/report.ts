import type { BurstResult } from '../peers/results.js';
import { table } from '../support/tables.js';

const MIB = 1024 * 1024;

/** The tables of a result as Markdown. */
export function renderBursts(result: BurstResult): string {
  const { limitBytes, seconds, stalled, rate, idleBytes, stalls } = result;
  const inMib = (bytes: number) => (bytes / MIB).toFixed(1);
  const loads = stalls.map(({ name, quiet, beginning, later }) => [
    name,
    ...[quiet, beginning, later].map((round) =>
      [round.requestsPerSecond, round.p50Us, round.p99Us, round.p999Us]
        .map((figure) => figure.toFixed(0))
        .join(', '),
    ),
    (beginning.p99Us / quiet.p99Us).toFixed(2),
    (later.p99Us / quiet.p99Us).toFixed(2),
  ]);
  return [
    `\`maxMemoryBytes\` ${inMib(limitBytes)} MiB; ${inMib(idleBytes)} MiB resident before the first burst. The GETs of others`,
    `before ${stalled} clients leave their replies unread, in the ${seconds} s in which they begin to, and then: 50 clients, ${rate} requests/s.`,
    'Figures are requests/s, and p50, p99, p99.9 in µs.',
    '',
    table(['situation', 'before', 'beginning', 'then', 'p99 ratio', 'then'], loads),
    '',
    'Resident memory in MiB: the most there was until then, and after the burst. "Back" is when at most 32 MiB more',
    'than before the first burst were left, while others went on.',
    '',
    table(
      ['burst', 'peak', 'back after s', 'after'],
      result.bursts.map(({ name, peakBytes, backAfterMs, afterBytes }) => [
        name,
        inMib(peakBytes),
        (backAfterMs / 1000).toFixed(1),
        inMib(afterBytes),
      ]),
    ),
  ].join('\n');
}
