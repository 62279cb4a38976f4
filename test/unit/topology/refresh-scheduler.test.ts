import { expect, test } from 'vitest';
import {
  type RefreshOutcome,
  type RefreshRun,
  RefreshScheduler,
} from '../../../src/topology/refresh-scheduler.js';
import { FakeClock } from '../../support/fake-clock.js';

function setUp(outcome: (count: number) => RefreshOutcome, durationMs = 0) {
  const clock = new FakeClock();
  const runs: (RefreshRun & { readonly atMs: number })[] = [];
  const scheduler = new RefreshScheduler(clock, async (run) => {
    runs.push({ ...run, atMs: clock.nowMs() });
    if (durationMs > 0) {
      await new Promise<void>((resolve) => clock.after(durationMs, resolve));
    }
    return outcome(runs.length);
  });
  return { clock, runs, scheduler, times: () => runs.map((run) => run.atMs) };
}

test('requests made together share one refresh', async () => {
  const { clock, runs, scheduler } = setUp(() => 'same');
  scheduler.request();
  scheduler.request();
  await clock.advance(10_000);
  expect(runs).toEqual([{ breadth: 'all', isRequested: true, atMs: 0 }]);
});

test('a request during a refresh leads to another one, never to two at a time', async () => {
  const { clock, scheduler, times } = setUp(() => 'changed', 50);
  scheduler.request();
  await clock.advance(10);
  scheduler.request();
  scheduler.request();
  await clock.advance(1_000);
  expect(times()).toEqual([0, 150]);
});

test('requests that change nothing are served ever more slowly, up to 1 s', async () => {
  const { clock, scheduler, times } = setUp(() => 'same');
  for (let i = 0; i < 600; i++) {
    scheduler.request();
    await clock.advance(10);
  }
  const gaps = times()
    .slice(1)
    .map((at, i) => at - (times()[i] ?? 0));
  expect(gaps.slice(0, 5)).toEqual([100, 200, 400, 800, 1_000]);
  expect(Math.max(...gaps)).toBe(1_000);
});

test('failures are retried with growing delays until one succeeds', async () => {
  const { clock, runs, scheduler, times } = setUp((count) => (count < 7 ? 'failed' : 'same'));
  scheduler.request();
  await clock.advance(60_000);
  expect(times()).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500]);
  expect(runs.every((run) => run.isRequested)).toBe(true);
});

test('requests during failures do not make a tight loop', async () => {
  const { clock, scheduler, times } = setUp(() => 'failed');
  for (let i = 0; i < 100; i++) {
    scheduler.request();
    await clock.advance(10);
  }
  expect(times()).toEqual([0, 100, 300, 700]);
});

test('while holding one node at a time is asked, 100 ms doubling to 250 ms, and then no more', async () => {
  const { clock, runs, scheduler, times } = setUp(() => 'same');
  scheduler.setHolding(true);
  await clock.advance(1_100);
  expect(times()).toEqual([100, 300, 550, 800, 1_050]);
  expect(runs.every((run) => run.breadth === 'one' && !run.isRequested)).toBe(true);
  scheduler.setHolding(false);
  await clock.advance(60_000);
  expect(runs).toHaveLength(5);
});

test('requests that change nothing do not slow it down while holding', async () => {
  const { clock, scheduler, times } = setUp(() => 'same', 5);
  scheduler.setHolding(true);
  for (let i = 0; i < 400; i++) {
    scheduler.request();
    await clock.advance(10);
  }
  const gaps = times().map((at, i) => at - (times()[i - 1] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(255);
});

test('stop ends it, also while a refresh runs', async () => {
  const { clock, runs, scheduler } = setUp(() => 'failed', 50);
  scheduler.request();
  await clock.advance(10);
  const stopped = scheduler.stop();
  await clock.advance(10_000);
  await stopped;
  expect(runs).toHaveLength(1);
  expect(clock.timerCount).toBe(0);
});
