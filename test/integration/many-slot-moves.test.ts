import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { Load } from '../support/load.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const IS_LONG = process.env.SLOTGATE_LONG_TESTS === '1';
/** From slot 0 on, all of the first primary. */
const MOVING_SLOTS = IS_LONG ? 5_000 : 300;
const CLIENTS = 4;
/** Those of them that clients use, each by one client: two lists and so many values. */
const USED_SLOTS = IS_LONG ? 400 : 48;
const VALUES_PER_SLOT = 3;
const KEYS_PER_STEP = 2;
/** Servers that have no time for anything else would take minutes to move the slots. */
const PAUSE_MS = IS_LONG ? 50 : 5;

let cluster: TestCluster;
let proxy: TestProxy;
let clients: readonly TestClient[];
beforeAll(async () => {
  cluster = await TestCluster.start();
  proxy = await TestProxy.start({ seeds: cluster.seeds, args: ['--threads', '2'] });
  clients = await Promise.all(Array.from({ length: CLIENTS }, () => proxy.connect()));
});
afterAll(async () => {
  for (const client of clients ?? []) client.close();
  await proxy?.stop();
  await cluster?.stop();
});

/** Hash tags by slot, all of slots that move. */
async function findTags(): Promise<ReadonlyMap<number, string>> {
  const tags = new Map<number, string>();
  for (let n = 0; tags.size < USED_SLOTS; n++) {
    const slot = Number(await cluster.server(0).call('CLUSTER', 'KEYSLOT', `m${n}`));
    if (slot < MOVING_SLOTS) tags.set(slot, `m${n}`);
  }
  return tags;
}

function valuesOf(tag: string): readonly (readonly [string, string])[] {
  return Array.from({ length: VALUES_PER_SLOT }, (_, i) => [`{${tag}}:${i}`, `${i} of ${tag}`]);
}

function makeLoad(client: TestClient, name: string, tags: readonly string[]): Load {
  const values = tags.map(valuesOf);
  const [ofOneSlot = []] = values;
  const oneOfEach = values.flatMap((ofSlot) => ofSlot.slice(0, 1));
  return new Load(client, {
    name,
    lists: tags.flatMap((tag) => [`{${tag}}:${name}:1`, `{${tag}}:${name}:2`]),
    fixed: new Map(values.flat()),
    groups: [ofOneSlot, oneOfEach].map((group) => group.map(([key]) => key)),
    pauseMs: PAUSE_MS,
  });
}

/** One slot after the other; keys of those that have some are in two places for a while. */
async function moveAll(from: number, to: number): Promise<void> {
  for (let slot = 0; slot < MOVING_SLOTS; slot++) {
    await cluster.openSlot(slot, from, to);
    await cluster.moveKeys(slot, from, to, KEYS_PER_STEP);
    await cluster.moveKeys(slot, from, to);
    await cluster.closeSlot(slot, from, to);
  }
  // Whoever takes slots back must know that they were given away.
  await waitFor('all servers to know the new owner', async () => {
    const views = await Promise.all([0, 1, 2].map((viewer) => cluster.ownersSeenBy(viewer)));
    return views.every((owners) => owners.slice(0, MOVING_SLOTS).every((owner) => owner === to));
  });
}

/** @returns Requests that were answered. */
async function expectUnnoticed(load: Load): Promise<number> {
  expect(load.wrongReplies).toEqual([]);
  expect(load.readErrors).toEqual([]);
  expect(load.writeErrors).toEqual([]);
  for (const [list, { sent }] of load.outcomes) {
    const expected = Array.from({ length: sent }, (_, token) => String(token));
    expect(await clients[0]?.call('LRANGE', list, 0, -1)).toEqual(expected);
  }
  return load.requests;
}

test(`${MOVING_SLOTS} slots move there and back under pipelined load: nobody notices`, async () => {
  const tags = [...(await findTags()).values()];
  await clients[0]?.call('MSET', ...tags.flatMap(valuesOf).flat());
  const loads = clients.map((client, i) => {
    const own = tags.filter((_, n) => n % CLIENTS === i);
    return makeLoad(client, `client ${i}`, own);
  });
  let isOver = false;
  const running = Promise.all(loads.map((load) => load.run(() => isOver)));
  try {
    await moveAll(0, 1);
    await moveAll(1, 0);
  } finally {
    isOver = true;
    await running;
  }
  let requests = 0;
  for (const load of loads) requests += await expectUnnoticed(load);
  const asked = await proxy.metric('slotgate_redirects_total', 'kind="ask"');
  const moved = await proxy.metric('slotgate_redirects_total', 'kind="moved"');
  expect(asked).toBeGreaterThan(0);
  expect(moved).toBeGreaterThan(0);
  process.stdout.write(
    `${2 * MOVING_SLOTS} moves, ${requests} requests, redirects: ${moved} MOVED, ${asked} ASK\n`,
  );
}, 900_000);
