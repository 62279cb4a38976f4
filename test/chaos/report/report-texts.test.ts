import { describe, expect, test } from 'vitest';
import { recoveriesOf } from './recoveries.js';
import type { FaultReport, Report } from './report.js';
import { resultsTable } from './table.js';
import { reportText } from './text.js';

function forgeKill(recoveryMs: number | null): FaultReport {
  return {
    fault: 'kill-primary, shard 0',
    isKill: true,
    startedAtMs: 1_000,
    settledAfterMs: 5_000,
    directWriteAfterMs: 3_000,
    recoveryMs,
    blackoutMs: { read: 3_100, write: 3_200 },
  };
}

const REPORT: Report = {
  date: '2026-01-02T03:04:05.678Z',
  commit: 'abc',
  machine: '2 × CPU',
  node: 'v20',
  loadAverage: 0.5,
  against: 'proxy',
  target: 'slotgate proxy',
  servers: '3 primaries',
  seed: 7,
  seconds: 60,
  kills: null,
  nodeTimeoutMs: 2_000,
  ranForMs: 60_000,
  operations: {
    push: { succeeded: 10, failed: 2, slowestMs: 900 },
    get: { succeeded: 5, failed: 0, slowestMs: 800 },
  },
  messages: 3,
  faults: [forgeKill(50), forgeKill(1_001), forgeKill(200)],
  skipped: [],
  errors: [
    {
      kind: 'unknown outcome',
      operation: 'push',
      count: 2,
      firstAtMs: 1,
      lastAtMs: 2,
      example: 'OUTCOMEUNKNOWN',
    },
  ],
  violations: [],
  problems: [],
};
const VIOLATED: Report = {
  ...REPORT,
  kills: 3,
  faults: [forgeKill(null)],
  violations: [{ rule: 'lost', count: 2, examples: ['k: token'] }],
  problems: ['the proxy ended'],
};

describe('recoveries', () => {
  test('are those of kills', () => {
    const { isKill: _, recoveryMs: __, ...noKill } = forgeKill(0);
    const faults = [...REPORT.faults, { ...noKill, isKill: false }];
    expect(recoveriesOf({ faults })).toEqual({
      kills: 3,
      inTime: 2,
      medianMs: 200,
      slowestMs: 1_001,
    });
    expect(recoveriesOf({ faults: faults.slice(3) })).toBeUndefined();
  });
});

describe('the report as text', () => {
  test('says where it comes from and what happened', () => {
    const text = reportText(REPORT);
    expect(text).toContain('seed 7, 60 s, against proxy');
    expect(text).toContain('operations: 17 in 60.0 s; messages delivered: 3');
    expect(text).toContain(
      'first through the target: 2 within 1000 ms, median 200 ms, slowest 1001 ms',
    );
    expect(text).toContain('violations: none');
  });

  test('does not hide what went wrong', () => {
    const text = reportText(VIOLATED);
    expect(text).toMatch(/violations:\n +2 {2}lost\n +k: token\nthe proxy ended/);
    expect(text).toContain('3 kills');
    expect(text).toContain('direct write after 3000 ms, through the target never');
  });
});

test('the table of results has a line for each run', () => {
  const lines = resultsTable([REPORT, VIOLATED]).split('\n');
  expect(lines[2]).toBe(
    '| seed 7, 60 s, node time-out 2 s | proxy | 17 | 3 | 2 of 3; 200 ms, 1001 ms | 3200 ms | 2 unknown outcome | none |',
  );
  expect(lines[3]).toBe(
    '| seed 7, 3 kills, node time-out 2 s | proxy | 17 | 1 | 0 of 1; never, never | 3200 ms | 2 unknown outcome | 2 × lost, the proxy ended |',
  );
  expect(lines.filter((line) => line.startsWith('- Seed 7, proxy'))).toHaveLength(2);
});
