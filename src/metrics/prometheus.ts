import { Counter, Gauge, Registry } from 'prom-client';
import type { MetricSample, MetricSnapshot } from './sample.js';

export interface PrometheusText {
  readonly contentType: string;
  readonly body: string;
}

/** A snapshot, and what the process itself uses, in Prometheus' text format. */
export async function prometheusText(snapshot: MetricSnapshot): Promise<PrometheusText> {
  // A registry per scrape: the numbers live in the data plane, nothing is kept here in between.
  const registry = new Registry();
  for (const [name, samples] of byName([...snapshot.counters, processCpu()])) {
    const counter = new Counter({ ...definition(name, samples), registers: [registry] });
    for (const { labels, value } of samples) counter.inc(labels, value);
  }
  for (const [name, samples] of byName([...snapshot.gauges, ...processGauges()])) {
    const gauge = new Gauge({ ...definition(name, samples), registers: [registry] });
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
}

function byName(samples: readonly MetricSample[]): ReadonlyMap<string, readonly MetricSample[]> {
  const groups = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.name);
    if (group === undefined) groups.set(sample.name, [sample]);
    else group.push(sample);
  }
  return groups;
}

function definition(name: string, samples: readonly MetricSample[]) {
  const labelNames = new Set(samples.flatMap(({ labels }) => Object.keys(labels)));
  return { name, help: samples[0]?.help ?? name, labelNames: [...labelNames] };
}

function processCpu(): MetricSample {
  const { user, system } = process.cpuUsage();
  const help = 'CPU time of all threads, in seconds.';
  return sampleOf('process_cpu_seconds_total', help, (user + system) / 1e6);
}

/** Names as every Prometheus client library has them. */
function processGauges(): readonly MetricSample[] {
  const { rss, heapTotal } = process.memoryUsage();
  return [
    sampleOf('process_resident_memory_bytes', 'Resident memory size in bytes.', rss),
    sampleOf('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', heapTotal),
    sampleOf(
      'process_start_time_seconds',
      'Start time of the process since the Unix epoch, in seconds.',
      performance.timeOrigin / 1000,
    ),
  ];
}

function sampleOf(name: string, help: string, value: number): MetricSample {
  return { name, help, labels: {}, value };
}
