import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/** Tags of three slots, one per shard. */
const TAGS = ['a', 'b', 'c'];
const KEYS_PER_TAG = 30;
const PRIMARIES = 3;
/** Where the primaries are, and where the replicas. */
const [WEST, EAST] = ['127.0.0.1', '127.0.0.2'];
const NAMES = TAGS.flatMap((tag) =>
  Array.from({ length: KEYS_PER_TAG }, (_, i) => `{${tag}}:${i}`),
);

let cluster: TestCluster;
let proxies: TestProxy[] = [];
let clients: TestClient[] = [];
beforeAll(async () => {
  const hosts = [...Array(PRIMARIES).fill(WEST), ...Array(PRIMARIES).fill(EAST)];
  cluster = await TestCluster.start({ primaries: PRIMARIES, replicasPerPrimary: 1, hosts });
});
afterAll(async () => {
  await cluster?.stop();
});
beforeEach(async () => {
  await Promise.all(cluster.servers.map((server) => server.call('FLUSHALL').catch(() => null)));
});
afterEach(async () => {
  for (const client of clients) client.close();
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  proxies = [];
  clients = [];
});

async function start(...args: readonly string[]): Promise<TestProxy> {
  const proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: ['--read-from', 'prefer-replica', ...args],
  });
  proxies.push(proxy);
  return proxy;
}

async function connect(proxy: TestProxy): Promise<TestClient> {
  const client = await proxy.connect();
  clients.push(client);
  return client;
}

/** Every key has its name as its value, at the replicas, too. */
async function fill(client: TestClient): Promise<void> {
  await client.call('MSET', ...NAMES.flatMap((key) => [key, key]));
  await replicated();
}

async function replicated(): Promise<void> {
  await waitFor('the replicas to have everything', async () => {
    const sizes = await Promise.all(cluster.servers.map((server) => server.call('DBSIZE')));
    const total = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
    return total === 2 * NAMES.length;
  });
}

/** Waits until reads of every shard go to replicas. */
async function untilReplicasAnswer(client: TestClient, keys: readonly string[]): Promise<void> {
  await waitFor('the replicas to be read from', async () => {
    const before = await readsOfPrimaries();
    for (const key of keys) await client.call('GET', key);
    return (await readsOfPrimaries()) === before;
  });
}

async function callsOf(index: number, command: string): Promise<number> {
  const stats = await cluster.server(index).text('INFO', 'commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** GETs and MGETs that servers have executed which are primaries now. */
async function readsOfPrimaries(): Promise<number> {
  const counts = await Promise.all(
    cluster.servers.map(async (server, index) => {
      const isPrimary = (await server.text('INFO', 'replication')).includes('role:master');
      return isPrimary ? (await callsOf(index, 'get')) + (await callsOf(index, 'mget')) : 0;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Reads all keys again and again until told to stop; what was not as it should be. */
async function readAll(client: TestClient, isOver: () => boolean): Promise<readonly string[]> {
  const wrong: string[] = [];
  const check = async (args: readonly string[], expected: unknown) => {
    const reply = await client.call(...args).catch(String);
    if (JSON.stringify(reply) !== JSON.stringify(expected)) {
      wrong.push(`${args.join(' ')}: ${JSON.stringify(reply)}`);
    }
  };
  while (!isOver()) {
    await Promise.all(NAMES.map((key) => check(['GET', key], key)));
    const some = NAMES.filter((_, i) => i % 7 === 0);
    await check(['MGET', ...some], some);
    await check(['EXISTS', ...some], some.length);
    await check(['STRLEN', some[1] ?? ''], some[1]?.length);
  }
  return wrong;
}

/** Nobody who reads may notice what `disturb` does. */
async function undisturbed(proxy: TestProxy, disturb: () => Promise<void>): Promise<void> {
  const readers = await Promise.all(Array.from({ length: 4 }, () => connect(proxy)));
  let isOver = false;
  const running = Promise.all(readers.map((reader) => readAll(reader, () => isOver)));
  try {
    await disturb();
  } finally {
    isOver = true;
  }
  expect((await running).flat()).toEqual([]);
}

test('reads are executed by replicas, writes by primaries', async () => {
  const proxy = await start();
  const client = await connect(proxy);
  await fill(client);
  await untilReplicasAnswer(client, NAMES);
  const before = await readsOfPrimaries();
  const counted = await proxy.metric('slotgate_replica_reads_total');
  for (const key of NAMES) expect(await client.call('GET', key)).toBe(key);
  expect(await client.call('MGET', ...NAMES)).toEqual(NAMES);
  expect(await readsOfPrimaries()).toBe(before);
  // One part per slot of the MGET.
  const counts = await proxy.metric('slotgate_replica_reads_total');
  expect(counts - counted).toBe(NAMES.length + TAGS.length);
  for (const server of cluster.servers.slice(PRIMARIES)) {
    const stats = await server.text('INFO', 'commandstats');
    expect(stats).not.toMatch(/cmdstat_(m?set):calls=\d+,.*rejected_calls=[1-9]/);
  }
});

test('a key that somebody has written is never missing', async () => {
  const proxy = await start();
  const [writer, reader] = [await connect(proxy), await connect(proxy)];
  await fill(writer);
  await untilReplicasAnswer(reader, NAMES);
  for (let i = 0; i < 300; i++) {
    const key = `{${TAGS[i % 3]}}:new:${i}`;
    await writer.call('SET', key, i);
    expect(await reader.call('GET', key)).toBe(String(i));
  }
  expect(await reader.call('GET', '{a}:nobody wrote this')).toBe(null);
});

test("a client's pipelined requests for a key are executed in its order", async () => {
  const proxy = await start();
  const client = await connect(proxy);
  await fill(client);
  await untilReplicasAnswer(client, NAMES);
  for (let i = 0; i < 200; i++) {
    const key = NAMES[i % NAMES.length] ?? '';
    // Long enough that a client's mixing of reads and writes is forgotten now and then.
    if (i % 80 === 79) await sleep(1_100);
    const replies = await Promise.all([
      client.call('SET', key, i),
      client.call('GET', key),
      client.call('APPEND', key, '!'),
      client.call('MGET', key, '{z}:none'),
      client.call('DEL', key),
      client.call('GET', key),
    ]);
    expect(replies).toEqual(['OK', `${i}`, `${i}`.length + 1, [`${i}!`, null], 1, null]);
  }
});

test('clients read their own writes for as long as it was asked for', async () => {
  const proxy = await start('--read-your-writes-ms', '600000');
  const client = await connect(proxy);
  await fill(client);
  const other = await connect(proxy);
  await untilReplicasAnswer(other, NAMES);
  const replica = cluster.servers.slice(PRIMARIES);
  // Without it, replicas that do not follow would show the old values.
  await Promise.all(replica.map((server) => server.call('CONFIG', 'SET', 'masterauth', 'wrong')));
  await Promise.all(
    cluster.servers.map((server) => server.call('CLIENT', 'KILL', 'TYPE', 'replica')),
  );
  try {
    for (const key of NAMES) {
      await client.call('SET', key, 'new');
      expect(await client.call('GET', key)).toBe('new');
    }
    expect(await other.call('GET', NAMES[0] ?? '')).toBe(NAMES[0]);
  } finally {
    await Promise.all(replica.map((server) => server.call('CONFIG', 'SET', 'masterauth', '')));
    await cluster.waitUntilOk();
  }
});

test('a replica that is cut off for too long is not read from, until it follows again', async () => {
  const proxy = await start('--max-replica-link-down-ms', '0');
  const client = await connect(proxy);
  await fill(client);
  await untilReplicasAnswer(client, NAMES);
  const replica = cluster.server(PRIMARIES);
  await replica.call('CONFIG', 'SET', 'masterauth', 'wrong');
  await cluster.server(0).call('CLIENT', 'KILL', 'TYPE', 'replica');
  try {
    await waitFor('the replica to be left alone', () =>
      proxy.log.includes('reads are no longer sent to this server'),
    );
    const before = await callsOf(PRIMARIES, 'get');
    for (const key of NAMES) expect(await client.call('GET', key)).toBe(key);
    expect(await callsOf(PRIMARIES, 'get')).toBe(before);
  } finally {
    await replica.call('CONFIG', 'SET', 'masterauth', '');
  }
  await untilReplicasAnswer(client, NAMES);
}, 60_000);

test('a replica that is stopped delays nobody for long, and is read from again', async () => {
  const proxy = await start();
  const client = await connect(proxy);
  await fill(client);
  await untilReplicasAnswer(client, NAMES);
  await undisturbed(proxy, async () => {
    await cluster.kill(PRIMARIES + 1, 'SIGSTOP');
    await waitFor('reads to be repeated', async () => {
      const lost = await proxy.metric('slotgate_replica_reads_repeated_total', 'reason="lost"');
      return lost > 0;
    });
    await sleep(500);
    await cluster.kill(PRIMARIES + 1, 'SIGCONT');
    await sleep(500);
  });
  await cluster.waitUntilOk();
  await untilReplicasAnswer(client, NAMES);
}, 60_000);

test('a replica that restarts, or loads, holds up neither reads nor writes', async () => {
  const proxy = await start();
  const client = await connect(proxy);
  await fill(client);
  const [primary, replica] = [cluster.server(0), cluster.server(PRIMARIES)];
  await primary.call('DEBUG', 'POPULATE', 10_000, 'filler', 20);
  await untilReplicasAnswer(client, NAMES);
  const writer = await connect(proxy);
  let writes = 0;
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      expect(await writer.call('SET', `{${TAGS[writes % 3]}}:written`, writes)).toBe('OK');
      writes++;
      await sleep(2);
    }
  })();
  const follows = () =>
    waitFor('the replica to follow again', async () =>
      (await replica.text('INFO', 'replication')).includes('link_status:up'),
    );
  await undisturbed(proxy, async () => {
    await cluster.restart(PRIMARIES);
    await follows();
    await untilReplicasAnswer(client, NAMES);
    // Microseconds per key: it loads for seconds, and answers meanwhile.
    await replica.call('CONFIG', 'SET', 'key-load-delay', 200);
    await replica.call('CONFIG', 'SET', 'loading-process-events-interval-bytes', 1024);
    await primary.call('DEBUG', 'CHANGE-REPL-ID');
    await primary.call('CLIENT', 'KILL', 'TYPE', 'replica');
    await waitFor('the replica to load', async () =>
      (await replica.text('INFO', 'persistence')).includes('\nloading:1'),
    );
    await follows();
  });
  isOver = true;
  await writing;
  expect(writes).toBeGreaterThan(100);
  expect(await proxy.metric('slotgate_held_total', 'outcome="held"')).toBe(0);
  const refused = await proxy.metric('slotgate_replica_reads_repeated_total', 'reason="refused"');
  expect(refused).toBeGreaterThan(0);
  await untilReplicasAnswer(client, NAMES);
}, 90_000);

test('reads go on while a slot moves with its keys, and none is missing', async () => {
  const proxy = await start();
  const client = await connect(proxy);
  await fill(client);
  await untilReplicasAnswer(client, NAMES);
  const slot = Number(await cluster.server(0).call('CLUSTER', 'KEYSLOT', '{a}'));
  await undisturbed(proxy, async () => {
    for (let round = 0; round < 4; round++) {
      const from = await cluster.ownerOf(slot);
      const to = (from + 1) % PRIMARIES;
      await cluster.openSlot(slot, from, to);
      while ((await cluster.moveKeys(slot, from, to, 3)) === 3) {
        await sleep(10);
      }
      await cluster.closeSlot(slot, from, to);
      await sleep(100);
    }
  });
  const missing = await proxy.metric('slotgate_replica_reads_repeated_total', 'reason="not_there"');
  expect(missing).toBeGreaterThan(0);
  await cluster.waitUntilOk();
  await untilReplicasAnswer(client, NAMES);
}, 90_000);

test('reads go on while a primary dies and its replica takes over', async () => {
  const proxy = await start();
  const client = await connect(proxy);
  await fill(client);
  await untilReplicasAnswer(client, NAMES);
  await undisturbed(proxy, async () => {
    await cluster.kill(2);
    await cluster.untilPrimary(PRIMARIES + 2);
    await sleep(500);
    await cluster.restart(2);
    await cluster.waitUntilOk();
  });
  await untilReplicasAnswer(client, NAMES);
  await cluster.failover(2);
  await cluster.waitUntilOk();
}, 90_000);

test('zones decide, where they are given', async () => {
  const zones = ['--server-zone', `${WEST}=west`, '--server-zone', `${EAST}/32=east`];
  const words = ['--read-from', 'az-affinity-replicas-and-primary'];
  const east = await start(...words, ...zones, '--zone', 'east');
  const west = await start(...words, ...zones, '--zone', 'west');
  const reader = await connect(east);
  await fill(reader);
  await untilReplicasAnswer(reader, NAMES);
  const near = await connect(west);
  await sleep(1_000);
  const counted = await west.metric('slotgate_replica_reads_total');
  for (const key of NAMES) expect(await near.call('GET', key)).toBe(key);
  expect(await west.metric('slotgate_replica_reads_total')).toBe(counted);
  expect(counted).toBe(0);
});
