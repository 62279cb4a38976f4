/** What Slotgate counts by itself; sums over all workers. */
export interface Counters {
  readonly requests: number;
  readonly turns: number;
  readonly systemCalls: number;
}

const NAMES = {
  requests: 'slotgate_requests_total',
  turns: 'slotgate_turns_total',
  systemCalls: 'slotgate_syscalls_total',
} as const;

/** @throws If the page cannot be read or lacks one of the counters. */
export async function readCounters(metricsUrl: string): Promise<Counters> {
  const response = await fetch(metricsUrl);
  if (!response.ok) throw new Error(`${metricsUrl}: HTTP ${response.status}`);
  const page = await response.text();
  return {
    requests: sumOf(page, NAMES.requests),
    turns: sumOf(page, NAMES.turns),
    systemCalls: sumOf(page, NAMES.systemCalls),
  };
}

/** The sum of a metric's samples over all its labels, in the Prometheus text format. */
function sumOf(page: string, name: string): number {
  const values = page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  if (values.length === 0) throw new Error(`no ${name} among the metrics`);
  return values.reduce((sum, value) => sum + value, 0);
}
