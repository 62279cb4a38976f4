import type { IsolationResult, IsolationRound } from '../peers/results.js';
import { median } from '../peers/summary.js';
import { spreadCell, table } from '../support/tables.js';

/** The table of a result as Markdown. */
export function renderIsolation(result: IsolationResult): string {
  const { rounds, seconds, clients, rate, mostRequestsPerSecond } = result;
  const rows = result.situations.map(({ name, elsewhere, here, p99Ratio, throughputRatio }) => [
    name,
    figures(elsewhere),
    figures(here),
    spreadCell(p99Ratio),
    spreadCell(throughputRatio),
  ]);
  return [
    `GETs of ${clients} clients to two shards at ${rate} requests/s, 30 % of the ${mostRequestsPerSecond.toFixed(0)} that they can do`,
    'without a pause, while there is trouble at a third shard, which 10 other clients use. **elsewhere**: the same trouble at a',
    'fourth server that nobody uses, without the proxy: what the machine itself costs. Medians of',
    `${rounds} alternating rounds of ${seconds} s; ratios within each round: median (smallest – largest).`,
    '',
    table(
      [
        ...['trouble', 'elsewhere: requests/s, p50, p99, p99.9 µs', 'at the shard: the same'],
        ...['p99 ratio', 'throughput ratio'],
      ],
      rows,
    ),
  ].join('\n');
}

function figures(rounds: readonly IsolationRound[]): string {
  const of = (pick: (round: IsolationRound) => number) => median(rounds.map(pick)).toFixed(0);
  return [
    of((round) => round.requestsPerSecond),
    of((round) => round.p50Us),
    of((round) => round.p99Us),
    of((round) => round.p999Us),
  ].join(', ');
}
