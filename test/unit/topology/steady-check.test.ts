import { afterEach, expect, test } from 'vitest';
import { NO_CREDENTIALS, parseEndpoint } from '../../../src/shards/index.js';
import { ControlPool } from '../../../src/topology/control-pool.js';
import { SteadyCheck } from '../../../src/topology/steady-check.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { waitFor } from '../../support/wait.js';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function setUp() {
  const cluster = new FakeCluster();
  cleanups.push(() => cluster.stop());
  const member = await cluster.add('a', '');
  const clock = new FakeClock();
  const pool = new ControlPool({ credentials: NO_CREDENTIALS, connectTimeoutMs: 500, clock });
  cleanups.push(() => pool.close());
  const suspicions: string[] = [];
  let periods = 0;
  const check = new SteadyCheck({
    clock,
    pool,
    choose: (current) => current ?? parseEndpoint(member.server.address),
    onSuspicion: (detail) => suspicions.push(detail),
    onPeriod: async () => {
      periods++;
    },
  });
  cleanups.push(() => check.stop());
  /** Lets one period pass, and waits for the network's part of it. */
  const period = async () => {
    const before = periods;
    await clock.advance(10_000);
    await waitFor('the end of the period', () => periods > before && clock.timerCount === 1);
  };
  return { member, clock, check, suspicions, period };
}

function infoCount({ server }: FakeMember): number {
  return server.received.filter(([, what]) => what === 'INFO').length;
}

test('one CLUSTER INFO each period over one connection, and one look at the topology for the first facts', async () => {
  const { member, check, suspicions, period } = await setUp();
  check.arm();
  await period();
  await period();
  await period();
  expect(infoCount(member)).toBe(3);
  expect(member.server.sockets.size).toBe(1);
  expect(suspicions).toHaveLength(1);
  expect(suspicions[0]).toContain('from "unknown"');
});

test('a new epoch, or no answer, is suspicious', async () => {
  const { member, check, suspicions, period } = await setUp();
  check.arm();
  await period();
  member.epoch = 2;
  await period();
  expect(suspicions).toHaveLength(2);
  expect(suspicions[1]).toContain('CLUSTER INFO changed');
  member.answer = 'close';
  await period();
  expect(suspicions).toHaveLength(3);
});

test('arming again begins a new period; stop ends it', async () => {
  const { member, clock, check } = await setUp();
  check.arm();
  await clock.advance(6_000);
  check.arm();
  await clock.advance(6_000);
  expect(infoCount(member)).toBe(0);
  await check.stop();
  expect(clock.timerCount).toBe(0);
});
