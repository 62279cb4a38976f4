import { expect, test } from 'vitest';
import type { LogFields } from '../../../src/log/logger.js';
import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { MemoryBudget } from '../../../src/proxy/memory-budget.js';
import { FakeClock } from '../../support/fake-clock.js';

const MIB = 1024 ** 2;
/** What workers may use of so much: one turn may add a little. */
const usable = (mebibytes: number) => (mebibytes * MIB * 15) / 16;

/** A process of 70 MiB besides what its traffic uses. */
function setUp(limitBytes: number) {
  const clock = new FakeClock();
  const process = {
    own: 70 * MIB,
    trims: 0,
    use: { bytes: 0, stoppedNow: 0, stops: 0, closed: 0, refused: 0 },
  };
  const budgets: number[] = [];
  const lines: (readonly [string, LogFields | undefined])[] = [];
  const note = (message: string, fields?: LogFields) => lines.push([message, fields]);
  const memory = new MemoryBudget(limitBytes, {
    clock,
    log: { ...SILENT_LOGGER, info: note, warn: note },
    residentBytes: () => process.own + process.use.bytes,
    use: () => process.use,
    setBudget: (bytes) => budgets.push(bytes),
    trim: () => {
      process.trims++;
    },
  });
  memory.start();
  return { clock, process, budgets, lines, memory };
}

test('clients get what the process itself does not need', async () => {
  const { clock, process, budgets } = setUp(256 * MIB);
  expect(budgets).toEqual([usable(186)]);
  process.use = { ...process.use, bytes: 100 * MIB };
  await clock.advance(6_000);
  expect(budgets).toEqual([usable(186)]);
  process.own = 100 * MIB;
  await clock.advance(1_000);
  expect(budgets).toEqual([usable(186), usable(156)]);
  // What it needs at least is set aside even where it was not seen to need it yet.
  process.own = 10 * MIB;
  await clock.advance(1_000);
  expect(budgets.at(-1)).toBe(usable(192));
});

test('clients get a little at least', () => {
  expect(setUp(72 * MIB).budgets).toEqual([16 * MIB]);
});

test('another limit applies at once, and none is none', async () => {
  const { clock, budgets, memory } = setUp(256 * MIB);
  memory.update(512 * MIB);
  memory.update(0);
  await clock.advance(5_000);
  expect(budgets).toEqual([usable(186), usable(442), 0]);
  expect(memory.metrics().map(({ name, value }) => [name, value])).toEqual([
    ['slotgate_memory_limit_bytes', 0],
    ['slotgate_memory_budget_bytes', 0],
  ]);
});

test('after a burst free memory is given back once', async () => {
  const { clock, process } = setUp(0);
  process.use = { ...process.use, bytes: 50 * MIB };
  await clock.advance(5_000);
  process.use = { ...process.use, bytes: 2 * MIB };
  await clock.advance(5_000);
  expect(process.trims).toBe(0);
  await clock.advance(4_000);
  expect(process.trims).toBe(1);
  await clock.advance(60_000);
  expect(process.trims).toBe(1);
});

test('what comes and goes is left to malloc', async () => {
  const { clock, process } = setUp(0);
  for (let second = 0; second < 60; second++) {
    process.use = { ...process.use, bytes: (second % 3) * 50 * MIB };
    await clock.advance(1_000);
  }
  expect(process.trims).toBe(0);
});

test('the log tells of shortage and of its end', async () => {
  const { clock, process, lines, memory } = setUp(256 * MIB);
  process.use = { ...process.use, bytes: 150 * MIB, stoppedNow: 3, stops: 3 };
  await clock.advance(6_000);
  process.use = { ...process.use, closed: 2, refused: 1 };
  await clock.advance(3_000);
  process.use = { ...process.use, bytes: MIB, stoppedNow: 0 };
  await clock.advance(3_000);
  memory.stop();
  await clock.advance(3_000);
  const budgetBytes = usable(186);
  expect(lines).toEqual([
    [
      'memory is short: clients that use most of it are not read',
      { usedBytes: 150 * MIB, budgetBytes, stopped: 3 },
    ],
    [
      'memory is short: clients that use most of it are closed, new ones refused',
      { usedBytes: 150 * MIB, budgetBytes, closed: 2, refused: 1 },
    ],
    ['memory is no longer short: all clients are read', { usedBytes: MIB, budgetBytes }],
  ]);
  expect(clock.timerCount).toBe(0);
});
