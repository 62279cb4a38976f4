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
  return { member, clock, check, suspicions, period, periods: () => periods };
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

const NODES = [
  '<a> {a}@17000 myself,master - 0 0 1 connected 0-5460',
  '<b> 10.0.0.2:7000@17000 master - 0 1700000000000 2 connected 5461-16383',
].join('\n');

function tableCount({ server }: FakeMember): number {
  return server.received.filter(([, what]) => what === 'NODES').length;
}

/** Watched closely, behind the look at the topology for the first facts. */
async function setUpClose() {
  const parts = await setUp();
  parts.member.nodes = NODES;
  parts.check.watch('close');
  parts.check.arm();
  const second = async () => {
    const before = tableCount(parts.member);
    await parts.clock.advance(1_000);
    await waitFor(
      'the answer',
      () => tableCount(parts.member) > before && parts.clock.timerCount === 1,
    );
  };
  await second();
  expect(parts.suspicions).toEqual(['CLUSTER NODES is seen for the first time']);
  parts.suspicions.length = 0;
  return { ...parts, second };
}

test('watched closely: every second the table of one node, and nothing while it stays the same', async () => {
  const { member, suspicions, second } = await setUpClose();
  // Pings and bus connections come and go.
  member.nodes = NODES.replace('1700000000000 2 connected', '1700000001000 2 disconnected');
  await second();
  // Another member says the same in its own way: it is itself, and sees an open slot.
  member.nodes = NODES.replace('myself,', '')
    .replace('7000@17000 master', '7000@17000 myself,master,fail?')
    .concat(' [5461->-<a>]');
  await second();
  expect([tableCount(member), infoCount(member)]).toEqual([3, 0]);
  expect(suspicions).toEqual([]);
});

test.each([
  ['a slot that moves without a new epoch', '0-5460', '1-5460'],
  ['a role', 'master - 0 17', 'slave <a> 0 17'],
  ['a failure', ' master - 0 17', ' master,fail - 0 17'],
  ['a new member', '<b> 10', '<c> :1@1 slave <a> 0 0 1 connected\n<b> 10'],
])('watched closely: %s is noticed within a second, and once', async (_what, from, to) => {
  const { member, suspicions, second } = await setUpClose();
  member.nodes = NODES.replace(from, to);
  await second();
  await second();
  expect(suspicions).toEqual(['CLUSTER NODES changed']);
});

test('watched closely: what is due now and then is not due more often; it can be steady again', async () => {
  const { clock, check, second, member, periods } = await setUpClose();
  for (let i = 0; i < 8; i++) await second();
  expect(periods()).toBe(0);
  await second();
  await waitFor('the end of the period', () => periods() === 1 && clock.timerCount === 1);
  check.watch('steady');
  await clock.advance(9_000);
  expect(tableCount(member)).toBe(10);
  expect(infoCount(member)).toBe(0);
});

test('watched closely: a node that does not answer is suspicious each time', async () => {
  const { member, suspicions, clock } = await setUpClose();
  member.answer = 'close';
  await clock.advance(1_000);
  await waitFor('the first', () => suspicions.length === 1 && clock.timerCount === 1);
  await clock.advance(1_000);
  await waitFor('the second', () => suspicions.length === 2);
});
