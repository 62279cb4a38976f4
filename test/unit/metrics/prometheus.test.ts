import { expect, test } from 'vitest';
import { prometheusText } from '../../../src/metrics/prometheus.js';

const sample = (name: string, value: number, labels = {}) => ({
  name,
  help: `${name}.`,
  labels,
  value,
});

test('samples become text with help, type and labels', async () => {
  const { contentType, body } = await prometheusText({
    counters: [
      sample('slotgate_requests_total', 3, { command: 'get' }),
      sample('slotgate_requests_total', 2, { command: 'set"\n' }),
    ],
    gauges: [sample('slotgate_clients', 7)],
  });
  expect(contentType).toMatch(/^text\/plain/);
  const lines = body.split('\n');
  for (const line of [
    '# HELP slotgate_requests_total slotgate_requests_total.',
    '# TYPE slotgate_requests_total counter',
    'slotgate_requests_total{command="get"} 3',
    'slotgate_requests_total{command="set\\"\\n"} 2',
    '# TYPE slotgate_clients gauge',
    'slotgate_clients 7',
  ]) {
    expect(lines).toContain(line);
  }
});

test('scrapes do not add up', async () => {
  const snapshot = { counters: [sample('slotgate_requests_total', 3)], gauges: [] };
  await prometheusText(snapshot);
  expect((await prometheusText(snapshot)).body).toContain('slotgate_requests_total 3\n');
});

test('the process itself is measured', async () => {
  const { body } = await prometheusText({ counters: [], gauges: [] });
  expect(Number(/^process_resident_memory_bytes (\d+)/m.exec(body)?.[1])).toBeGreaterThan(1e7);
  expect(body).toMatch(/^# TYPE process_cpu_seconds_total counter$/m);
});
