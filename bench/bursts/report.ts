import type { BurstResult } from '../peers/results.js';
import { table } from '../support/tables.js';

const MIB = 1024 * 1024;

/** The tables of a result as Markdown. */
export function renderBursts(result: BurstResult): string {
  const { limitBytes, seconds, stalled, rate, idleBytes, quiet, withStalled } = result;
  const inMib = (bytes: number) => (bytes / MIB).toFixed(1);
  const loads = [
    { name: 'quiet', figures: quiet },
    { name: `${stalled} clients that never read`, figures: withStalled },
  ].map(({ name, figures }) => [
    name,
    figures.requestsPerSecond.toFixed(0),
    figures.p50Us.toFixed(0),
    figures.p99Us.toFixed(0),
    figures.p999Us.toFixed(0),
    (figures.p99Us / quiet.p99Us).toFixed(2),
  ]);
  return [
    `\`maxMemoryBytes\` ${inMib(limitBytes)} MiB; ${inMib(idleBytes)} MiB resident before the first burst. The GETs of others`,
    `while clients begin to leave their replies unread: 50 clients, ${rate} requests/s, ${seconds} s.`,
    '',
    table(['situation', 'requests/s', 'p50 µs', 'p99 µs', 'p99.9 µs', 'p99 ratio'], loads),
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
