import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { nativeAddon } from '../../src/native/index.js';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { SlotMover } from '../support/slot-mover.js';

/** `PROPERTY_SEED` explores further; the moves depend on it, not on when they happen. */
const SEED = Number(process.env.PROPERTY_SEED ?? 20_260_101);
const PRIMARIES = 3;
const SINGLE_KEYS = 900;
const TAGS = ['a', 'b', 'c', 'd', 'e', 'f'];
const KEYS_PER_TAG = 60;
/** Calls after which a primary is killed, and after which the slots rest. */
const KILL_AFTER = 40;
const REST_AFTER = 160;
const CALLS_MAX = 5_000;

let cluster: TestCluster;
let proxies: readonly TestProxy[];
let clients: readonly TestClient[];
let keys: readonly string[];
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1, nodeTimeoutMs: 1_500 });
  // Elections are repeated when votes are split: how long that takes is not what is tested here.
  const args = ['--hold-timeout-ms', '30000'];
  proxies = await Promise.all([1, 2].map(() => TestProxy.start({ seeds: cluster.seeds, args })));
  keys = [
    ...Array.from({ length: SINGLE_KEYS }, (_, i) => `key:${i}`),
    ...TAGS.flatMap((tag) => Array.from({ length: KEYS_PER_TAG }, (_, i) => `{${tag}}:${i}`)),
  ];
}, 120_000);
afterAll(async () => {
  await Promise.all((proxies ?? []).map((proxy) => proxy.stop()));
  await cluster?.stop();
});
beforeEach(async () => {
  clients = await Promise.all(proxies.map((proxy) => proxy.connect()));
  await clients[0]?.call('MSET', ...keys.flatMap((key) => [key, 'here for the whole scan']));
  return () => {
    for (const client of clients) client.close();
  };
});

/** Numbers in [0, below), the same ones for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function scanStep(client: TestClient, cursor: string | number, count: number) {
  const reply = await client.call('SCAN', cursor, 'COUNT', count);
  const [next, page] = Array.isArray(reply) ? reply : [];
  if (typeof next !== 'string' || !Array.isArray(page)) {
    throw new Error(`not a page: ${JSON.stringify(reply)}`);
  }
  return { cursor: next, keys: page.map(String) };
}

interface DisturbedScan {
  readonly seed: number;
  readonly victim: number;
  /** Whom the n-th call goes to. */
  readonly clientOf: (call: number) => TestClient | undefined;
  /** What the client makes of a cursor before it sends it back. */
  readonly keep: (cursor: string) => string | number;
}

/** Scans while slots move and a primary dies. */
async function scanDisturbed({ seed, victim, clientOf, keep }: DisturbedScan) {
  const random = randomOf(seed);
  const slots = [...new Set(keys.map((key) => nativeAddon().slotForKey(Buffer.from(key))))];
  const primaries = await primariesOf(cluster);
  const mover = new SlotMover(cluster, primaries, { slots, random: randomOf(seed + 1) });
  await mover.start();
  const seen = new Set<string>();
  let killed: Promise<void> | undefined;
  let cursor: string | number = '0';
  let calls = 0;
  do {
    calls++;
    if (calls === KILL_AFTER) killed = mover.kill(victim, victim + PRIMARIES);
    if (calls === REST_AFTER) await Promise.all([killed, mover.stop()]);
    const page = await scanStep(clientOf(calls) ?? expect.fail(), cursor, 1 + random(15));
    for (const key of page.keys) seen.add(key);
    cursor = keep(page.cursor);
    await sleep(random(20));
  } while (String(cursor) !== '0' && calls < CALLS_MAX);
  await killed;
  await mover.stop();
  return { seen, calls, moves: mover.moves };
}

async function primariesOf({ servers }: TestCluster): Promise<readonly number[]> {
  const roles = await Promise.all(
    servers.map((server) => (server.isRunning ? server.call('ROLE') : null)),
  );
  return roles.flatMap((role, i) => (Array.isArray(role) && role[0] === 'master' ? [i] : []));
}

function expectAll(seen: ReadonlySet<string>): void {
  expect(keys.filter((key) => !seen.has(key))).toEqual([]);
  expect(seen.size).toBe(keys.length);
}

test('every key is returned to a client that keeps cursors in doubles', async () => {
  const { seen, calls, moves } = await scanDisturbed({
    seed: SEED,
    victim: 0,
    clientOf: () => clients[0],
    keep: (cursor) => {
      expect(Number(cursor)).toBeLessThan(2 ** 53);
      return Number(cursor);
    },
  });
  expectAll(seen);
  expect(calls).toBeGreaterThan(KILL_AFTER);
  expect(moves).toBeGreaterThan(10);
}, 180_000);

test('every key is returned to a client whose calls go to two proxies in turn', async () => {
  const { seen, calls, moves } = await scanDisturbed({
    seed: SEED + 10,
    victim: 1,
    clientOf: (call) => clients[call % 2],
    keep: (cursor) => cursor,
  });
  expectAll(seen);
  expect(calls).toBeGreaterThan(KILL_AFTER);
  expect(moves).toBeGreaterThan(10);
}, 180_000);
