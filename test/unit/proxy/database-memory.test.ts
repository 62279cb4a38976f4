import { expect, test } from 'vitest';
import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { DatabaseMemory } from '../../../src/proxy/database-memory.js';
import { FakeClock } from '../../support/fake-clock.js';

const LIMIT = 1000;

function setUp(limitBytes: number) {
  const clock = new FakeClock();
  const plane = { use: { bytes: 0, stoppedNow: 0, stops: 0, closed: 0, refused: 0 } };
  const lines: string[] = [];
  const note = (message: string) => lines.push(message);
  const memory = new DatabaseMemory(limitBytes, {
    clock,
    log: { ...SILENT_LOGGER, info: note, warn: note },
    use: () => plane.use,
  });
  return { clock, plane, lines, memory };
}

test('without a limit nothing is looked at', () => {
  expect(setUp(0).clock.timerCount).toBe(0);
});

test('a limit is watched while there is one, and until its clients are read again', async () => {
  const { clock, plane, lines, memory } = setUp(LIMIT);
  plane.use = { ...plane.use, bytes: 900, stoppedNow: 1, stops: 1 };
  await clock.advance(1_000);
  memory.update(0);
  await clock.advance(1_000);
  plane.use = { ...plane.use, bytes: 0, stoppedNow: 0 };
  await clock.advance(1_000);
  expect(lines).toEqual([
    'memory of the database is short: clients that use most of it are not read',
    'memory of the database is no longer short: all clients are read',
  ]);
  expect(clock.timerCount).toBe(0);
  memory.update(LIMIT);
  plane.use = { ...plane.use, bytes: 1000, closed: 1, refused: 2 };
  await clock.advance(1_000);
  expect(lines[2]).toBe(
    'memory of the database is short: clients that use most of it are closed, new ones refused',
  );
  memory.stop();
  expect(clock.timerCount).toBe(0);
});

test('metrics name the database', () => {
  const { plane, memory } = setUp(LIMIT);
  plane.use = { bytes: 1, stoppedNow: 2, stops: 3, closed: 4, refused: 5 };
  const { counters, gauges } = memory.metrics('db');
  const all = [...counters, ...gauges];
  expect(all.map(({ name, labels, value }) => [name, labels.database, value])).toEqual([
    ['slotgate_database_memory_stops_total', 'db', 3],
    ['slotgate_database_memory_closed_total', 'db', 4],
    ['slotgate_database_memory_refused_total', 'db', 5],
    ['slotgate_database_memory_limit_bytes', 'db', LIMIT],
    ['slotgate_database_memory_bytes', 'db', 1],
    ['slotgate_database_memory_stopped_clients', 'db', 2],
  ]);
});
