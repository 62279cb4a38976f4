import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { RawClient } from '../support/raw-client.js';
import type { TestClient } from '../support/resp-client.js';
import { RealServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const LARGE = 'x'.repeat(2 * 1024 * 1024);

let cluster: TestCluster;
let single: RealServer;
let proxy: TestProxy;
let client: TestClient;
beforeAll(async () => {
  [cluster, single] = await Promise.all([
    TestCluster.start({ primaries: 1 }),
    RealServer.start({
      extraConfig: {
        'rename-command keys': '',
        'rename-command set': 'put',
        'slowlog-log-slower-than': '0',
      },
    }),
  ]);
  const rename = ['config=cfg', 'keys=', 'set=put', 'mget=fetch', 'eval=run', 'subscribe=listen'];
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: [
      ...rename.flatMap((entry) => ['--rename-command', entry]),
      ...['--slowlog-slower-than-ms', '0'],
    ],
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

/** What others see of `put seen 1`, and what somebody is told who may not say it. */
async function shownAndTold(port: number, connect: () => Promise<TestClient>): Promise<unknown> {
  const watcher = await RawClient.connect({ host: '127.0.0.1', port });
  watcher.send('MONITOR\r\n');
  await watcher.expect('+OK\r\n');
  const other = await connect();
  await other.call('put', 'seen', '1');
  await waitFor('MONITOR to show it', () => watcher.text.includes('"seen"'));
  const slow = (await other.call('SLOWLOG', 'GET')) as readonly (readonly string[][])[];
  await other.call('ACL', 'SETUSER', 'kim', 'reset', 'on', '>pass', '~*', '+@all', '-set');
  await other.call('AUTH', 'kim', 'pass');
  const told = await errorOf(other.call('put', 'seen', '2'));
  other.close();
  watcher.close();
  const entry = slow.map((fields) => fields[3]).find((words) => words?.[1] === 'seen');
  return { monitor: /"\w+" "seen" "1"/.exec(watcher.text)?.[0], slow: entry, told };
}

test('MONITOR and SLOWLOG show the new name, NOPERM the old one, as at a server', async () => {
  const atServer = await shownAndTold(single.port, () => single.connect());
  expect(atServer).toMatchObject({ monitor: '"put" "seen" "1"', slow: ['put', 'seen', '1'] });
  expect(await shownAndTold(proxy.port, () => proxy.connect())).toEqual(atServer);
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
