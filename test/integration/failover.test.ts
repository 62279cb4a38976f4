import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { Load } from '../support/load.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/** Slots 15495, 3300 and 7365: one per shard. */
const TAGS = ['a', 'b', 'c'];
const SLOT = 15495;
const CLIENTS = 4;
const PRIMARIES = 3;

let cluster: TestCluster;
let proxy: TestProxy;
/** As `proxy`, with writes that are sent again. */
let retrying: TestProxy;
let clients: readonly TestClient[];
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1, nodeTimeoutMs: 2_000 });
  // Elections are repeated when votes are split: how long that takes is not what is tested here.
  const args = ['--hold-timeout-ms', '30000'];
  proxy = await TestProxy.start({ seeds: cluster.seeds, args });
  const retries = [...args, '--retry-writes', 'idempotent'];
  retrying = await TestProxy.start({ seeds: cluster.seeds, args: retries });
});
afterAll(async () => {
  await proxy?.stop();
  await retrying?.stop();
  await cluster?.stop();
});
beforeEach(async () => {
  clients = await Promise.all(Array.from({ length: CLIENTS }, () => proxy.connect()));
  await Promise.all(TAGS.map((tag) => clients[0]?.call('SET', `{${tag}}:fixed`, tag)));
  await sleep(100);
  return () => {
    for (const client of clients) client.close();
  };
});

/** @returns The loads after `disturb` and half a second of requests behind it. */
async function underLoad(name: string, disturb: () => Promise<void>): Promise<readonly Load[]> {
  const fixed = new Map(TAGS.map((tag) => [`{${tag}}:fixed`, tag]));
  const loads = clients.map((client, i) => {
    const lists = TAGS.map((tag) => `{${tag}}:${name}:${i}`);
    return new Load(client, { name, lists, fixed, groups: [[...fixed.keys()]] });
  });
  let isOver = false;
  const running = Promise.all(loads.map((load) => load.run(() => isOver)));
  try {
    await disturb();
    await sleep(500);
  } finally {
    isOver = true;
    await running;
  }
  return loads;
}

/** Every number at most once, in the order in which it was pushed. */
async function expectOrder(loads: readonly Load[]): Promise<void> {
  for (const load of loads) {
    for (const list of load.outcomes.keys()) {
      const reply = await clients[0]?.call('LRANGE', list, 0, -1);
      const tokens = Array.isArray(reply) ? reply.map(Number) : [];
      expect(tokens.length).toBeGreaterThan(0);
      expect(tokens.findIndex((token, i) => i > 0 && token <= (tokens[i - 1] ?? -1))).toBe(-1);
    }
  }
}

test('a manual failover costs nothing but time', async () => {
  const owner = await cluster.ownerOf(SLOT);
  const replica = await cluster.replicaOf(owner);
  const loads = await underLoad('manual', () => cluster.failover(replica));
  for (const load of loads) {
    expect([load.wrongReplies, load.readErrors, load.writeErrors]).toEqual([[], [], []]);
    for (const [list, { sent }] of load.outcomes) {
      expect(await clients[0]?.call('LLEN', list)).toBe(sent);
    }
  }
  await expectOrder(loads);
  await cluster.waitUntilOk();
}, 90_000);

/** SETs of one key to growing numbers, some unanswered at a time. @returns The last number. */
async function setUntil(client: TestClient, key: string, isOver: () => boolean): Promise<number> {
  const unanswered: Promise<unknown>[] = [];
  let value = 0;
  while (!isOver()) {
    unanswered.push(client.call('SET', key, ++value));
    if (unanswered.length >= 8) {
      expect(await unanswered.shift()).toBe('OK');
    }
  }
  expect(new Set(await Promise.all(unanswered))).toEqual(new Set(['OK']));
  return value;
}

test('kill -9 of a primary: reads go on, writes are done once or of unknown outcome', async () => {
  const owner = await cluster.ownerOf(SLOT);
  const replica = await cluster.replicaOf(owner);
  const writer = await retrying.connect();
  const key = `{${TAGS[0]}}:retried`;
  let isOver = false;
  const writes = setUntil(writer, key, () => isOver);
  let loads: readonly Load[] = [];
  try {
    loads = await underLoad('killed', async () => {
      await sleep(300);
      // So that some requests are certain to be on their way when it dies.
      await cluster.kill(owner, 'SIGSTOP');
      await sleep(100);
      await cluster.kill(owner);
      await cluster.untilPrimary(replica);
      await clients[0]?.call('SET', `{${TAGS[0]}}:after`, '1');
    });
    isOver = true;
    const last = await writes;
    expect(await writer.call('GET', key)).toBe(String(last));
    const repeated = 'outcome="write_repeated"';
    expect(await retrying.metric('slotgate_lost_requests_total', repeated)).toBeGreaterThan(0);
    expect(await proxy.metric('slotgate_lost_requests_total', repeated)).toBe(0);
  } finally {
    isOver = true;
    writer.close();
    await cluster.restart(owner);
    await cluster.waitUntilOk();
  }
  for (const load of loads) {
    expect(load.wrongReplies).toEqual([]);
    expect(load.readErrors).toEqual([]);
    for (const error of load.writeErrors) {
      expect(error).toMatch(
        /^(Reply)?Error: OUTCOMEUNKNOWN outcome unknown: connection to 127\.0\.0\.1:\d+ \(slot 15495\) was lost after the command was sent$/,
      );
    }
  }
  await expectOrder(loads);
}, 90_000);

test('a primary that hangs is given up when the cluster gives it up', async () => {
  const owner = await cluster.ownerOf(SLOT, PRIMARIES - 2);
  const replica = await cluster.replicaOf(owner);
  let loads: readonly Load[] = [];
  try {
    loads = await underLoad('hanging', async () => {
      await sleep(300);
      await cluster.kill(owner, 'SIGSTOP');
      await cluster.untilPrimary(replica);
      // A read, since a write may meet the hanging server.
      await clients[0]?.call('GET', `{${TAGS[0]}}:fixed`);
    });
  } finally {
    await cluster.kill(owner, 'SIGCONT');
  }
  for (const load of loads) {
    expect(load.wrongReplies).toEqual([]);
    expect(load.readErrors).toEqual([]);
    for (const error of load.writeErrors) {
      expect(error).toContain('OUTCOMEUNKNOWN outcome unknown: connection to 127.0.0.1:');
    }
  }
  await cluster.waitUntilOk();
  await expectOrder(loads);
}, 90_000);

test('a SET that is held for a client that gives up is never executed', async () => {
  const [client] = clients;
  const key = `{${TAGS[0]}}:kept`;
  await client?.call('SET', key, 'before');
  const owner = await cluster.ownerOf(SLOT);
  const replica = await cluster.replicaOf(owner);
  expect(await client?.call('WAIT', '1', '10000')).toBe(1);
  const untilHeld = (count: number) =>
    waitFor(`${count} requests to be held`, async () => {
      return (await proxy.metric('slotgate_held_requests')) === count;
    });
  const dropped = await proxy.metric('slotgate_held_total', 'outcome="dropped"');
  await cluster.kill(owner);
  try {
    // A read, since a write might be on its way to the server that has just ended.
    const read = client?.call('GET', key);
    await untilHeld(1);
    const impatient = await proxy.connect();
    const set = impatient.call('SET', key, 'too late');
    await untilHeld(2);
    impatient.close();
    await expect(set).rejects.toThrow();
    await untilHeld(1);
    expect(await read).toBe('before');
    expect(await client?.call('SET', `{${TAGS[0]}}:after`, '1')).toBe('OK');
    expect(await client?.call('GET', key)).toBe('before');
    expect(await cluster.server(replica).call('GET', key)).toBe('before');
  } finally {
    await cluster.restart(owner);
    await cluster.waitUntilOk();
  }
  expect(await proxy.metric('slotgate_held_total', 'outcome="dropped"')).toBe(dropped + 1);
  expect(await client?.call('GET', key)).toBe('before');
}, 90_000);
