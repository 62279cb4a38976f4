import { expect, test } from 'vitest';
import { type PollPlan, ReplicaPoll } from '../../../src/proxy/replica-poll.js';
import type { RespReply } from '../../../src/resp/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const text = (value: string): RespReply => ({ kind: 'string', bytes: Buffer.from(value) });
const UP = '# Replication\r\nrole:slave\r\nmaster_link_status:up\r\n';
const DOWN =
  '# Replication\r\nrole:slave\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:';

interface FakeServer {
  replication: RespReply;
  loading: string;
  server: string;
  /** How long each call takes; null: for ever. */
  delayMs: number | null;
}

function setUp(plan: Partial<PollPlan> = {}) {
  const clock = new FakeClock();
  const calls: string[] = [];
  const changes: number[] = [];
  const server: FakeServer = {
    replication: text(UP),
    loading: '0',
    server: '# Server\r\nredis_version:8.0.1\r\navailability_zone:west\r\n',
    delayMs: 0,
  };
  const answerTo = (command: string): RespReply => {
    switch (command) {
      case 'INFO replication':
        return server.replication;
      case 'INFO persistence':
        return text(`# Persistence\r\nloading:${server.loading}\r\nasync_loading:0\r\n`);
      case 'INFO server':
        return text(server.server);
      default:
        return text('PONG');
    }
  };
  const poll = new ReplicaPoll({
    clock,
    call: (nodeId, args) => {
      const command = args.map(String).join(' ');
      calls.push(`${nodeId} ${command}`);
      return new Promise((resolve) => {
        if (server.delayMs !== null) {
          clock.after(server.delayMs, () => resolve(answerTo(command)));
        }
      });
    },
    changed: () => changes.push(clock.nowMs()),
  });
  const follow = (more: Partial<PollPlan> = {}) =>
    poll.follow({ nodeIds: ['a'], needsZones: false, needsLatency: false, ...plan, ...more });
  follow();
  return { clock, calls, changes, server, poll, follow };
}

test('a server is asked at once, and every two seconds', async () => {
  const { clock, calls, changes, poll } = setUp();
  expect(poll.factsOf('a')).toBe(null);
  await clock.advance(1);
  expect(poll.factsOf('a')).toEqual({
    linkDownMs: 0,
    isLoading: false,
    zone: null,
    latencyMs: null,
  });
  expect(calls).toEqual(['a INFO replication', 'a INFO persistence']);
  expect(changes).toHaveLength(1);
  await clock.advance(4_000);
  expect(calls).toHaveLength(6);
  expect(changes).toHaveLength(1);
});

test.each([
  ['cut off for 7 s', (s: FakeServer) => (s.replication = text(`${DOWN}7\r\n`)), 7_000, false],
  ['never connected', (s: FakeServer) => (s.replication = text(`${DOWN}-1\r\n`)), Infinity, false],
  ['a primary', (s: FakeServer) => (s.replication = text('role:master\r\n')), 0, false],
  ['loading', (s: FakeServer) => (s.loading = '1'), 0, true],
  [
    'one that may not be asked',
    (s: FakeServer) => (s.replication = { kind: 'error', message: 'NOPERM no' }),
    0,
    false,
  ],
])('%s', async (_, change, linkDownMs, isLoading) => {
  const { clock, changes, server, poll } = setUp();
  change(server);
  await clock.advance(1);
  expect(poll.factsOf('a')).toMatchObject({ linkDownMs, isLoading });
  expect(changes).toHaveLength(1);
});

test('a server that refuses to answer is not read from', async () => {
  const { clock, server, poll } = setUp();
  server.replication = { kind: 'error', message: 'BUSY running a script' };
  await clock.advance(1);
  expect(poll.factsOf('a')).toBe(null);
});

test('a server that is silent for a second is not read from until it answers', async () => {
  const { clock, calls, changes, server, poll } = setUp();
  await clock.advance(1);
  server.delayMs = 3_500;
  await clock.advance(1_999);
  await clock.advance(999);
  expect(poll.factsOf('a')).not.toBe(null);
  await clock.advance(1);
  expect(poll.factsOf('a')).toBe(null);
  expect(changes).toHaveLength(2);
  // It is asked once at a time.
  const asked = calls.length;
  await clock.advance(1_500);
  expect(calls).toHaveLength(asked);
  await clock.advance(1_001);
  expect(poll.factsOf('a')).not.toBe(null);
  expect(changes).toHaveLength(3);
});

test('a refusal has a server asked at once', async () => {
  const { clock, calls, server, poll } = setUp();
  await clock.advance(1);
  server.loading = '1';
  poll.ask('a');
  poll.ask('nobody');
  await clock.advance(1);
  expect(poll.factsOf('a')).toMatchObject({ isLoading: true });
  expect(calls).toHaveLength(4);
});

test('zones are asked for where they are needed, and seldom', async () => {
  const { clock, calls, poll, follow } = setUp();
  await clock.advance(2_001);
  follow({ needsZones: true });
  await clock.advance(1);
  expect(poll.factsOf('a')).toMatchObject({ zone: 'west' });
  await clock.advance(60_000);
  expect(calls.filter((call) => call === 'a INFO server').length).toBeLessThanOrEqual(2);
  expect(poll.factsOf('a')).toMatchObject({ zone: 'west' });
});

test('the latency is the median of the last round trips', async () => {
  const { clock, changes, server, poll } = setUp({ needsLatency: true });
  server.delayMs = 10;
  await clock.advance(100);
  expect(poll.factsOf('a')).toMatchObject({ latencyMs: 10 });
  server.delayMs = 400;
  await clock.advance(2_500);
  server.delayMs = 12;
  await clock.advance(2_000);
  expect(poll.factsOf('a')).toMatchObject({ latencyMs: 12 });
  expect(changes.length).toBeGreaterThan(2);
});

test('it ends with the last server', async () => {
  const { clock, calls, poll, follow } = setUp();
  await clock.advance(1);
  follow({ nodeIds: [] });
  expect(poll.factsOf('a')).toBe(null);
  const asked = calls.length;
  await clock.advance(10_000);
  expect(calls).toHaveLength(asked);
  expect(clock.timerCount).toBe(0);
  follow();
  await clock.advance(1);
  expect(poll.factsOf('a')).not.toBe(null);
  follow({ nodeIds: [] });
});

test('an answer that comes after the end is no news', async () => {
  const { clock, changes, server, poll, follow } = setUp();
  await clock.advance(1);
  expect(changes).toHaveLength(1);
  server.delayMs = 500;
  server.loading = '1';
  poll.ask('a');
  follow({ nodeIds: [] });
  await clock.advance(1_000);
  expect(changes).toHaveLength(1);
  expect(poll.factsOf('a')).toBe(null);
});
