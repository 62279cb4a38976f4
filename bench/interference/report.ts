import type { InterferenceResult } from '../peers/results.js';
import { spreadCell, table } from '../support/tables.js';

/** The tables of a result as Markdown. */
export function renderInterference(result: InterferenceResult): string {
  const { rounds, seconds, clients, subscribers, messagesPerSecond, messageBytes, blocked } =
    result;
  const rows = result.situations.map(({ name, median, p50Ratio, p99Ratio }) => [
    name,
    median.requestsPerSecond.toFixed(0),
    median.p50Us.toFixed(0),
    median.p99Us.toFixed(0),
    median.p999Us.toFixed(0),
    spreadCell(p50Ratio),
    spreadCell(p99Ratio),
    (median.cpuShare * 100).toFixed(0),
    median.deliveriesPerSecond.toFixed(0),
  ]);
  return [
    `GETs of ${clients} clients at ${result.rate} requests/s, half of the ${result.mostRequestsPerSecond.toFixed(0)} that they can do`,
    `without a pause. **subscribers**: ${subscribers} of one channel, ${messagesPerSecond} messages/s of ${messageBytes} bytes.`,
    '**subscribers elsewhere**: as many, of a stand-alone server on the same machine: what the machine itself costs.',
    `**blocked**: ${blocked} clients in BLPOP. Medians of ${rounds} alternating rounds of ${seconds} s; ratios to the quiet`,
    'measurement of the same round: median (smallest – largest). CPU: all threads of the proxy, in % of one core.',
    '',
    table(
      [
        ...['situation', 'requests/s', 'p50 µs', 'p99 µs', 'p99.9 µs', 'p50 ratio', 'p99 ratio'],
        ...['CPU %', 'deliveries/s'],
      ],
      rows,
    ),
  ].join('\n');
}
