import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { Load } from '../support/load.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';

/** Tags of three slots, one per shard at the beginning. */
const MOVING = { tag: 'a', slot: 15495 };
const RESTING = ['b', 'c'];
const CLIENTS = 6;
const KEYS_PER_SLOT = 60;
const KEYS_PER_STEP = 7;

let cluster: TestCluster;
let proxy: TestProxy;
let clients: readonly TestClient[];
beforeAll(async () => {
  cluster = await TestCluster.start();
  proxy = await TestProxy.start({ seeds: cluster.seeds, args: ['--threads', '2'] });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});
beforeEach(async () => {
  await Promise.all(cluster.servers.map((server) => server.call('FLUSHALL')));
  clients = await Promise.all(Array.from({ length: CLIENTS }, () => proxy.connect()));
  return () => {
    for (const client of clients) client.close();
  };
});

function keyOf(tag: string, index: number): string {
  return `{${tag}}:${index}`;
}

/** Values that fill the slots and stay as they are. */
async function fill(): Promise<ReadonlyMap<string, string>> {
  const fixed = new Map<string, string>();
  for (const tag of [MOVING.tag, ...RESTING]) {
    for (let i = 0; i < KEYS_PER_SLOT; i++) {
      fixed.set(keyOf(tag, i), `value of ${keyOf(tag, i)}`);
    }
  }
  await clients[0]?.call('MSET', ...[...fixed].flat());
  return fixed;
}

/** Moves the slot while its keys are in two places for a while. */
async function moveSlowly(slot: number, from: number, to: number): Promise<void> {
  await cluster.openSlot(slot, from, to);
  while ((await cluster.moveKeys(slot, from, to, KEYS_PER_STEP)) === KEYS_PER_STEP) {
    await sleep(5);
  }
  await cluster.moveKeys(slot, from, to);
  await cluster.closeSlot(slot, from, to);
}

/** Runs requests of all clients while `disturb` goes on; nobody may notice it. */
async function undisturbed(disturb: () => Promise<void>): Promise<void> {
  const fixed = await fill();
  const sample = new Map([...fixed].filter((_, i) => i % 20 === 0));
  const loads = clients.map((client, i) => {
    const lists = [MOVING.tag, MOVING.tag, ...RESTING].map((tag, n) => `{${tag}}:list:${i}:${n}`);
    const groups = [
      [keyOf(MOVING.tag, 1), keyOf(MOVING.tag, 30), keyOf(MOVING.tag, 59)],
      [keyOf('b', i), keyOf(MOVING.tag, i), keyOf('c', i), keyOf(MOVING.tag, 40 + i)],
    ];
    const all = new Map([
      ...sample,
      ...groups.flat().map((key) => [key, fixed.get(key) ?? ''] as const),
    ]);
    return new Load(client, { name: `client ${i}`, lists, fixed: all, groups });
  });
  let isOver = false;
  const running = Promise.all(loads.map((load) => load.run(() => isOver)));
  try {
    await disturb();
  } finally {
    isOver = true;
    await running;
  }
  for (const load of loads) {
    expect(load.wrongReplies).toEqual([]);
    expect(load.readErrors).toEqual([]);
    expect(load.writeErrors).toEqual([]);
    expect(load.requests).toBeGreaterThan(100);
    for (const [list, { sent }] of load.outcomes) {
      const expected = Array.from({ length: sent }, (_, token) => String(token));
      expect(await clients[0]?.call('LRANGE', list, 0, -1)).toEqual(expected);
    }
  }
}

test('a slot moves back and forth, with its keys, under load', async () => {
  const before = await proxy.metric('slotgate_redirects_total', 'kind="ask"');
  await undisturbed(async () => {
    for (let round = 0; round < 4; round++) {
      const from = await cluster.ownerOf(MOVING.slot);
      await moveSlowly(MOVING.slot, from, (from + 1 + (round % 2)) % 3);
      await sleep(50);
    }
  });
  expect(await proxy.metric('slotgate_redirects_total', 'kind="ask"')).toBeGreaterThan(before);
  expect(await proxy.metric('slotgate_redirects_total', 'kind="moved"')).toBeGreaterThan(0);
}, 60_000);

test('many slots change their owner under load: the topology is swapped', async () => {
  const before = await proxy.metric('slotgate_topology_version');
  await undisturbed(async () => {
    const owner = await cluster.ownerOf(MOVING.slot);
    const target = (owner + 1) % 3;
    for (const [from, to] of [
      [owner, target],
      [target, owner],
    ] as const) {
      for (let slot = MOVING.slot - 10; slot <= MOVING.slot + 10; slot++) {
        await cluster.migrateSlot(slot, from, to);
      }
    }
    await sleep(300);
  });
  expect(await proxy.metric('slotgate_topology_version')).toBeGreaterThan(before);
}, 60_000);

test('requests over several keys of an open slot wait until they can be answered', async () => {
  const [client] = clients;
  const from = await cluster.ownerOf(MOVING.slot);
  const to = (from + 1) % 3;
  await client?.call('RPUSH', '{a}:source', '1', '2', '3');
  await client?.call('RPUSH', '{a}:target', '0');
  await cluster.openSlot(MOVING.slot, from, to);
  await cluster.moveKeys(MOVING.slot, from, to, 1);
  // One of the keys is at one server, the other at the other: TRYAGAIN from both.
  const moved = client?.call('LMOVE', '{a}:source', '{a}:target', 'LEFT', 'RIGHT');
  await sleep(50);
  const after = client?.call('LRANGE', '{a}:target', '0', '-1');
  await sleep(50);
  await cluster.moveKeys(MOVING.slot, from, to);
  await cluster.closeSlot(MOVING.slot, from, to);
  expect(await moved).toBe('1');
  expect(await after).toEqual(['0', '1']);
}, 30_000);

test('a refused request is not repeated behind a younger one on its keys', async () => {
  const [client] = clients;
  const from = await cluster.ownerOf(MOVING.slot);
  const to = (from + 1) % 3;
  await client?.call('RPUSH', '{a}:source', '1', '2', '3');
  await client?.call('RPUSH', '{a}:target', '0');
  await cluster.openSlot(MOVING.slot, from, to);
  await cluster.moveKeys(MOVING.slot, from, to, 1);
  const moving = Promise.allSettled([
    client?.call('LMOVE', '{a}:source', '{a}:target', 'LEFT', 'RIGHT'),
    client?.call('LRANGE', '{a}:target', '0', '-1'),
  ]);
  await sleep(50);
  await cluster.moveKeys(MOVING.slot, from, to);
  await cluster.closeSlot(MOVING.slot, from, to);
  const [moved, list] = await moving;
  // Both run in their order, or the first not at all.
  if (moved.status === 'rejected') {
    expect(String(moved.reason)).toContain('TRYAGAIN');
  }
  const expected = moved.status === 'rejected' ? ['0'] : ['0', '1'];
  expect(list).toEqual({ status: 'fulfilled', value: expected });
}, 30_000);

test('split commands work on an open slot, key by key', async () => {
  const [client] = clients;
  const fixed = await fill();
  const from = await cluster.ownerOf(MOVING.slot);
  const to = (from + 1) % 3;
  await cluster.openSlot(MOVING.slot, from, to);
  await cluster.moveKeys(MOVING.slot, from, to, KEYS_PER_SLOT / 2);
  const keys = [...fixed.keys(), '{a}:none', '{a}:none too'];
  expect(await client?.call('MGET', ...keys)).toEqual(keys.map((key) => fixed.get(key) ?? null));
  expect(await client?.call('EXISTS', ...keys)).toBe(fixed.size);
  expect(await client?.call('MSET', ...keys.flatMap((key) => [key, `new ${key}`]))).toBe('OK');
  expect(await client?.call('MGET', ...keys)).toEqual(keys.map((key) => `new ${key}`));
  expect(await client?.call('DEL', ...keys)).toBe(keys.length);
  await cluster.moveKeys(MOVING.slot, from, to);
  await cluster.closeSlot(MOVING.slot, from, to);
}, 30_000);
