import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { RealServer } from '../support/server.js';

const LARGE = 'x'.repeat(2 * 1024 * 1024);

let cluster: TestCluster;
let single: RealServer;
let proxy: TestProxy;
let client: TestClient;
beforeAll(async () => {
  [cluster, single] = await Promise.all([
    TestCluster.start({ primaries: 1 }),
    RealServer.start({ extraConfig: { 'rename-command keys': '' } }),
  ]);
  const rename = ['config=cfg', 'keys=', 'set=put', 'mget=fetch', 'eval=run', 'subscribe=listen'];
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: rename.flatMap((entry) => ['--rename-command', entry]),
  });
  client = await proxy.connect();
});
afterAll(async () => {
  client?.close();
  await proxy?.stop();
  await cluster?.stop();
  await single?.stop();
});

function errorOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}

test.each([['keys'], ['keys', '*'], ['KEYS', 'a', 'b c', 'd']])(
  'an old name is answered as a server answers it: %s',
  async (...words) => {
    const here = await errorOf(client.call(...words));
    expect(here).toMatch(/^ERR unknown command/);
    expect(here).toBe(await errorOf(single.call(...words)));
  },
);

test.each([
  ['config', 'get', 'maxmemory'],
  ['CONFIG', 'nosuch'],
  ['mget', 'a'],
  ['set', 'a', '1'],
])('so are those that have another name: %s', async (...words) => {
  const echoed = words.slice(1).map((word) => `'${word}' `);
  const text = `ERR unknown command '${words[0]}', with args beginning with: ${echoed.join('')}`;
  expect(await errorOf(client.call(...words))).toBe(text);
});

test('new names do what the old ones did, whoever answers', async () => {
  expect(await client.call('put', 'a', '1')).toBe('OK');
  expect(await client.call('PUT', 'b', '2')).toBe('OK');
  expect(await client.call('get', 'a')).toBe('1');
  expect(await client.call('fetch', 'a', 'b', 'c')).toEqual(['1', '2', null]);
  expect(await client.call('cfg', 'GET', 'maxmemory')).toEqual(['maxmemory', '0']);
  expect(await client.call('run', 'return redis.call("get", KEYS[1])', 1, 'a')).toBe('1');
  expect(await client.call('put', 'large', LARGE)).toBe('OK');
  expect(await client.call('STRLEN', 'large')).toBe(LARGE.length);
  expect(await errorOf(client.call('cfg', 'nosuch'))).toBe(
    "ERR unknown subcommand 'nosuch'. Try CFG HELP.",
  );
  expect(await errorOf(client.call('put', 'a'))).toMatch(/^ERR wrong number of arguments/);
});

test('in a transaction, and typed as a line', async () => {
  await client.call('MULTI');
  expect(await client.call('put', 'a', '3')).toBe('QUEUED');
  expect(await client.call('fetch', 'a')).toBe('QUEUED');
  expect(await client.call('run', 'return 7', 1, 'a')).toBe('QUEUED');
  expect(await client.call('EXEC')).toEqual(['OK', ['3'], 7]);
  const typing = await proxy.connectRaw();
  typing.send('put typed "a b"\r\nlisten news\r\n');
  await typing.expect('+OK\r\n*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n');
  typing.close();
});

test('COMMAND tells the names that clients can use', async () => {
  const names = (await client.call('COMMAND', 'LIST')) as string[];
  expect(names).toEqual(expect.arrayContaining(['put', 'cfg', 'fetch', 'get']));
  for (const old of ['keys', 'set', 'config', 'mget']) {
    expect(names).not.toContain(old);
  }
  const whole = (await client.call('COMMAND')) as string[][];
  expect(whole.map(([name]) => name).sort()).toEqual(
    names.filter((name) => !name.includes('|')).sort(),
  );
  expect(await client.call('COMMAND', 'COUNT')).toBe(whole.length);
  const [put, old, cfg, none] = (await client.call(
    ...['COMMAND', 'INFO', 'put', 'set', 'CFG', 'keys'],
  )) as [string[], null, unknown[], null];
  expect(put.slice(0, 2)).toEqual(['put', -3]);
  expect([old, none]).toEqual([null, null]);
  expect(JSON.stringify(cfg)).toContain('"cfg|get"');
  expect(JSON.stringify(cfg)).not.toContain('config');
  const docs = JSON.stringify(await client.call('COMMAND', 'DOCS', 'put', 'cfg', 'set'));
  expect(docs).toMatch(/^\["put",.*"cfg",.*"cfg\|get"/);
  expect(await client.call('COMMAND', 'GETKEYS', 'put', 'k', 'v')).toEqual(['k']);
  expect(await errorOf(client.call('COMMAND', 'GETKEYS', 'set', 'k', 'v'))).toMatch(/^ERR/);
});
