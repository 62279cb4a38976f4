import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';

/** `{a}` is in slot 15495, of the third shard. */
const TAGGED = { tag: 'a', slot: 15_495, shard: 2 };
const KEYS = [
  ...Array.from({ length: 300 }, (_, i) => `key:${i}`),
  ...Array.from({ length: 60 }, (_, i) => `{${TAGGED.tag}}:${i}`),
];

let cluster: TestCluster;
let proxy: TestProxy;
let client: TestClient;
beforeAll(async () => {
  // What a restarted server has lost does not exist any more: it must lose nothing.
  const extraConfig = { appendonly: 'yes', appendfsync: 'always' };
  cluster = await TestCluster.start({ extraConfig });
  proxy = await TestProxy.start({ seeds: cluster.seeds, args: ['--hold-timeout-ms', '20000'] });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});
beforeEach(async () => {
  // A restarted server has forgotten them.
  for (const server of cluster.servers) {
    await server.call('ACL', 'SETUSER', 'lister', 'on', '>pw', '~*', '+@all', '-cluster');
    await server.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+get');
  }
  client = await proxy.connect();
  await client.call('MSET', ...KEYS.flatMap((key) => [key, 'value']));
  // The next scan begins with what the proxy saw at the end of this one, not with what was before
  // the last test.
  await rest(client, '0', 'COUNT', '1000');
  return () => client.close();
});

async function pageOf(from: TestClient, cursor: string, ...options: readonly string[]) {
  const reply = await from.call('SCAN', cursor, ...options);
  const [next, keys] = Array.isArray(reply) ? reply : [];
  if (typeof next !== 'string' || !Array.isArray(keys)) {
    throw new Error(`not a page: ${JSON.stringify(reply)}`);
  }
  return { cursor: next, keys: keys.map(String) };
}

/** From a cursor to the end. */
async function rest(from: TestClient, first: string, ...options: readonly string[]) {
  const keys: string[] = [];
  let cursor = first;
  do {
    const page = await pageOf(from, cursor, ...options);
    keys.push(...page.keys);
    ({ cursor } = page);
  } while (cursor !== '0');
  return keys;
}

/** How many SCANs each server has executed. */
async function scansSeen(): Promise<readonly number[]> {
  const stats = await Promise.all(
    cluster.servers.map((server) => server.text('INFO', 'commandstats')),
  );
  return stats.map((text) => Number(/^cmdstat_scan:calls=(\d+)/m.exec(text)?.[1] ?? 0));
}

/** Runs `work` while the slot of the tag is open and half of its keys are elsewhere. */
async function withOpenSlot(work: () => Promise<void>): Promise<void> {
  const { slot, shard } = TAGGED;
  await cluster.openSlot(slot, shard, 0);
  try {
    await cluster.moveKeys(slot, shard, 0, 30);
    await work();
  } finally {
    await cluster.moveKeys(slot, shard, 0);
    await cluster.closeSlot(slot, shard, 0);
    await cluster.migrateSlot(slot, 0, shard);
  }
}

test('every key comes in one pass, and COUNT is that of a call', async () => {
  const keys = await rest(client, '0', 'COUNT', '20');
  expect([...new Set(keys)].sort()).toEqual([...KEYS].sort());
  // A server may return some keys twice while its hash table changes its size.
  expect(keys.length).toBeLessThan(KEYS.length * 1.5);
  expect((await pageOf(client, '0', 'COUNT', '20')).keys.length).toBeLessThan(40);
});

test('a pattern with a literal hash tag is looked for at its shard alone', async () => {
  const before = await scansSeen();
  const keys = await rest(client, '0', 'MATCH', '{a}:*', 'COUNT', '50');
  expect(new Set(keys).size).toBe(60);
  const after = await scansSeen();
  const grown = after.map((count, i) => count - (before[i] ?? 0));
  expect(grown.map((count) => count > 0)).toEqual([false, false, true]);
});

test('a type is looked for at the servers', async () => {
  await client.call('RPUSH', 'a list', 'x');
  expect(await rest(client, '0', 'TYPE', 'list')).toEqual(['a list']);
  await client.call('DEL', 'a list');
});

test('RESP3 clients get the same arrays', async () => {
  const raw = await proxy.connectRaw();
  raw.send('HELLO 3\r\n');
  await raw.untilEcho();
  raw.send('SCAN 0 MATCH none COUNT 1000\r\n');
  expect((await raw.untilEcho()).toString()).toMatch(/^\*2\r\n\$\d+\r\n\d+\r\n\*0\r\n$/);
  raw.close();
});

test('a slot that is half moved is returned whole, and the scan ends', async () => {
  await withOpenSlot(async () => {
    expect(new Set(await rest(client, '0', 'COUNT', '50')).size).toBe(KEYS.length);
    expect(new Set(await rest(client, '0', 'MATCH', '{a}:*')).size).toBe(60);
  });
});

test('so it is to a user that may not list slots', async () => {
  await withOpenSlot(async () => {
    const lister = await proxy.connect({ username: 'lister', password: 'pw' });
    expect(new Set(await rest(lister, '0', 'COUNT', '50')).size).toBe(KEYS.length);
    expect(new Set(await rest(lister, '0', 'MATCH', '{a}:*')).size).toBe(60);
    lister.close();
  });
});

test('a user that may not scan is told so in the words of a server', async () => {
  const reader = await proxy.connect({ username: 'reader', password: 'pw' });
  await expect(reader.call('SCAN', '0')).rejects.toThrow(
    "NOPERM this user has no permissions to run the 'scan' command",
  );
  reader.close();
});

test('a server that restarts in the middle of its scan is scanned again', async () => {
  const first = await pageOf(client, '0', 'COUNT', '30');
  await cluster.restart(0);
  const keys = [...first.keys, ...(await rest(client, first.cursor, 'COUNT', '30'))];
  expect(new Set(keys).size).toBe(KEYS.length);
});

test('a restarted proxy goes on with the cursors of its predecessor', async () => {
  const first = await pageOf(client, '0', 'COUNT', '200');
  const second = await pageOf(client, first.cursor, 'COUNT', '200');
  const successor = await TestProxy.start({ seeds: cluster.seeds });
  const later = await successor.connect();
  const keys = await rest(later, second.cursor, 'COUNT', '200');
  later.close();
  await successor.stop();
  const all = [...first.keys, ...second.keys, ...keys];
  expect([...new Set(all)].sort()).toEqual([...KEYS].sort());
  expect(all.length).toBeLessThan(KEYS.length * 1.5);
});
