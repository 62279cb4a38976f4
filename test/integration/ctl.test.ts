import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy } from '../support/proxy.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const run = promisify(execFile);

let cluster: TestCluster;
let proxy: TestProxy;
let metricsPort: number;
beforeAll(async () => {
  cluster = await TestCluster.start();
  metricsPort = await findClusterPort();
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: ['--metrics', `127.0.0.1:${metricsPort}`],
  });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

async function ctl(...words: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, 'ctl', ...words, '--url', proxy.adminUrl]);
  return stdout;
}

async function topology(): Promise<string> {
  const client = await proxy.connect();
  try {
    return await client.text('CLUSTER', 'NODES').catch((error: Error) => error.message);
  } finally {
    client.close();
  }
}

test('a mode is changed while clients are connected, and they are served on', async () => {
  const client = await proxy.connect();
  await client.call('MSET', 'a', '1', 'b', '2');
  expect(await topology()).toContain('cluster support disabled');

  await ctl('tune', 'db', 'db1', 'mode', 'direct');
  expect(await topology()).toContain(cluster.seeds[0]);
  expect(await client.call('MGET', 'a', 'b')).toEqual(['1', '2']);

  await ctl('tune', 'db', 'db1', 'mode', 'cluster');
  const shown = await topology();
  expect(shown).toContain(`127.0.0.1:${proxy.port}@`);
  expect(shown.trim().split('\n')).toHaveLength(1);
  expect(await client.call('MGET', 'a', 'b')).toEqual(['1', '2']);

  await ctl('tune', 'db', 'db1', 'mode', 'standalone');
  expect(await client.call('MGET', 'a', 'b')).toEqual(['1', '2']);
  client.close();
});

test('status shows what is there', async () => {
  const text = await ctl('status');
  for (const server of cluster.seeds) expect(text).toContain(server);
  expect(text).toContain(`127.0.0.1:${proxy.port}`);
  expect(text).toMatch(/0-5460\b/);
  const databases = JSON.parse(await ctl('status', 'databases', '--json'));
  expect(databases).toMatchObject([{ uid: 1, name: 'db1', shards_count: 3, status: 'active' }]);
  expect(await ctl('verify', 'balance')).toBe('Everything is balanced.\n');
});

test('what is refused says why, and changes nothing', async () => {
  const error = await ctl('bind', 'endpoint', '1:1', 'exclude', 'nosuch').catch((e) => e);
  expect(error).toMatchObject({ code: 1 });
  expect(error.stderr).toContain("there is no node 'nosuch'");
  expect(error.stderr).toContain('[invalid_proxy_policy]');
  expect(await ctl('info', 'db', 'db1')).toContain('exclude_proxies: none\n');
});

test('the listener for metrics changes nothing', async () => {
  const url = `http://127.0.0.1:${metricsPort}/v1/bdbs`;
  expect((await fetch(url)).status).toBe(404);
  const put = await fetch(`${url}/1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"slotgate_mode":"auto"}',
  });
  expect(put.status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${metricsPort}/livez`)).status).toBe(200);
});
