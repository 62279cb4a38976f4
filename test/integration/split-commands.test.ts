import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';

/** One key per third of the slots: 15495, 3300 and 7365. */
const A = 'a';
const B = 'b';
const C = 'c';
const SLOT_OF_A = 15495;
const MANY = 10_000;
const NO_TIMEOUT = '600000';

let cluster: TestCluster;
let proxy: TestProxy;
let client: TestClient;
beforeAll(async () => {
  cluster = await TestCluster.start();
  proxy = await TestProxy.start({ seeds: cluster.seeds });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});
beforeEach(async () => {
  await Promise.all(cluster.servers.map((server) => server.call('FLUSHALL')));
  client = await proxy.connect();
  return () => client.close();
});

/** The server that has `a`, with one of its settings changed while `action` runs. */
async function withoutMemory(action: () => Promise<void>): Promise<void> {
  const owner = cluster.server(await cluster.ownerOf(SLOT_OF_A));
  await owner.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  await owner.call('CONFIG', 'SET', 'maxmemory', '1');
  try {
    await action();
  } finally {
    await owner.call('CONFIG', 'SET', 'maxmemory', '0');
  }
}

test('the quick start', async () => {
  expect(await client.call('MSET', A, 1, B, 2, C, 3)).toBe('OK');
  expect(await client.call('MGET', A, B, C)).toEqual(['1', '2', '3']);
  expect(await client.call('DEL', A, B, C)).toBe(3);
});

test('MGET keeps the caller’s order, with duplicates, gaps and wrong types', async () => {
  await client.call('MSET', A, 'va', B, 'vb', C, 'vc');
  await client.call('RPUSH', 'list', 'x');
  const asked = [C, A, 'none', A, 'list', B, C, C, 'none', A];
  const expected = ['vc', 'va', null, 'va', null, 'vb', 'vc', 'vc', null, 'va'];
  expect(await client.call('MGET', ...asked)).toEqual(expected);
});

test('MSET with a key given twice: the last value wins', async () => {
  await client.call('MSET', A, 'first', B, 'b', A, 'last');
  expect(await client.call('MGET', A, B)).toEqual(['last', 'b']);
});

test('a key without a value changes nothing', async () => {
  const error = "ERR wrong number of arguments for 'mset' command";
  await expect(client.call('MSET', A, '1', B)).rejects.toThrow(error);
  expect(await client.call('EXISTS', A, B)).toBe(0);
});

test('sums count keys as often as they are named, as a server does', async () => {
  await client.call('MSET', A, '1', B, '2');
  expect(await client.call('EXISTS', A, A, B, C, A)).toBe(4);
  expect(await client.call('TOUCH', A, B, C, B)).toBe(3);
  expect(await client.call('UNLINK', A, A, C)).toBe(1);
  expect(await client.call('DEL', A, B, B)).toBe(1);
});

test('10,000 keys in one request', async () => {
  const keys = Array.from({ length: MANY }, (_, i) => `many:${i}`);
  expect(await client.call('MSET', ...keys.flatMap((key) => [key, `value of ${key}`]))).toBe('OK');
  const backwards = [...keys].reverse();
  const values = await client.call('MGET', ...backwards);
  expect(values).toEqual(backwards.map((key) => `value of ${key}`));
  expect(await client.call('EXISTS', ...keys, ...keys)).toBe(2 * MANY);
  expect(await client.call('UNLINK', ...keys)).toBe(MANY);
});

test('two clients at once do not see each other’s parts', async () => {
  const other = await proxy.connect();
  const work = async (caller: TestClient, mark: string) => {
    for (let round = 0; round < 50; round++) {
      const keys = Array.from({ length: 40 }, (_, i) => `${mark}:${i}`);
      const values = keys.map((key) => `${key}:${round}`);
      const [, got] = await Promise.all([
        caller.call('MSET', ...keys.flatMap((key, i) => [key, values[i] ?? ''])),
        caller.call('MGET', ...keys),
      ]);
      expect(got).toEqual(values);
    }
  };
  await Promise.all([work(client, 'one'), work(other, 'two')]);
  other.close();
});

test('a refusal of one shard: its text first, then the slot, and that others were applied', async () => {
  await withoutMemory(async () => {
    const error = await client.call('MSET', A, '1', B, '2', C, '3').catch((e: Error) => e.message);
    expect(error).toMatch(/^OOM command not allowed when used memory > 'maxmemory'/);
    expect(error).toMatch(/ \(slot 15495; 1 of 3 parts failed, others were applied\)$/);
  });
  expect(await client.call('MGET', A, B, C)).toEqual([null, '2', '3']);
});

test('a refusal of every part: nothing was applied, and nothing says so', async () => {
  await withoutMemory(async () => {
    const single = await client.call('SET', A, '1').catch((e: Error) => e.message);
    const error = await client.call('MSET', A, '1', `{${A}}2`, '2').catch((e: Error) => e.message);
    // One slot only: the request was not split, and the text is the server's own.
    expect(error).toBe(single);
  });
});

test('a part that may not be read: the text of the server, then the slot', async () => {
  const password = 'reader-password';
  const users = cluster.servers.map((server) =>
    server.call('ACL', 'SETUSER', 'reader', 'on', `>${password}`, '+@all', `~${B}`, `~${C}`),
  );
  await Promise.all(users);
  await client.call('MSET', A, '1', B, '2', C, '3');
  const reader = await proxy.connect({ username: 'reader', password });
  expect(await reader.call('MGET', B, C)).toEqual(['2', '3']);
  const text = /^NOPERM this user has no permissions to access one of the keys used as arguments/i;
  const refused = await reader.call('MGET', A, B, C).catch((e: Error) => e.message);
  expect(refused).toMatch(text);
  expect(refused).toMatch(/ \(slot 15495\)$/);
  const written = await reader.call('MSET', A, 'x', B, 'x', C, 'x').catch((e: Error) => e.message);
  expect(written).toMatch(text);
  expect(written).toMatch(/ \(slot 15495; 1 of 3 parts failed, others were applied\)$/);
  expect(await client.call('MGET', A, B, C)).toEqual(['1', 'x', 'x']);
  reader.close();
});

test('a shard that stops for a moment delays the request, and others go on', async () => {
  await client.call('MSET', A, '1', B, '2', C, '3');
  const owner = cluster.server(await cluster.ownerOf(SLOT_OF_A));
  for (const server of cluster.servers) {
    await server.call('CONFIG', 'SET', 'cluster-node-timeout', NO_TIMEOUT);
  }
  const other = await proxy.connect();
  await owner.kill('SIGSTOP');
  try {
    const whole = client.call('MGET', A, B, C);
    expect(await other.call('MGET', B, C)).toEqual(['2', '3']);
    await owner.kill('SIGCONT');
    expect(await whole).toEqual(['1', '2', '3']);
  } finally {
    await owner.kill('SIGCONT');
    other.close();
  }
});
