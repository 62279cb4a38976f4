import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { TestCluster } from '../support/cluster.js';
import { FakeCluster } from '../support/fake-cluster.js';
import { bulk } from '../support/fake-server.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy, type TestProxyOptions } from '../support/proxy.js';
import { RealServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

/** Reserved for documentation: nobody answers there. */
const NOBODY = '192.0.2.1';

const cleanUps = cleanUpsAfterEach();

async function startProxy(options: TestProxyOptions): Promise<TestProxy> {
  const proxy = await TestProxy.start({ withoutWaiting: true, ...options });
  cleanUps.push(() => proxy.stop());
  return proxy;
}

async function startCluster(...args: Parameters<typeof TestCluster.start>): Promise<TestCluster> {
  const cluster = await TestCluster.start(...args);
  cleanUps.push(() => cluster.stop());
  return cluster;
}

/** Waits until the proxy says why it is not ready, and for these words in it. */
async function untilNotReady(proxy: TestProxy, ...words: readonly string[]): Promise<void> {
  let text = '';
  await waitFor(`/readyz to say "${words.join('", "')}"`, async () => {
    const readiness = await proxy.readiness();
    text = readiness.text;
    return !readiness.isReady && words.every((word) => text.includes(word));
  }).catch((cause: unknown) => {
    throw new Error(`/readyz: ${text}\nlog:\n${proxy.log}`, { cause });
  });
}

/** Nobody can connect before there is something to forward to. */
async function expectNoListener(proxy: TestProxy): Promise<void> {
  await expect(proxy.connect()).rejects.toThrow('ECONNREFUSED');
}

test('a seed that is no cluster: what is missing, and what to do', async () => {
  const server = await RealServer.start();
  cleanUps.push(() => server.stop());
  const proxy = await startProxy({ seeds: [server.address] });
  await untilNotReady(proxy, server.address, 'cluster-enabled', 'slotgate up');
  await expectNoListener(proxy);
  expect(proxy.log).toContain('cluster-enabled');
});

test('a seed that does not speak RESP', async () => {
  const web = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  cleanUps.push(() => void web.close());
  const address = web.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxy = await startProxy({ seeds: [`127.0.0.1:${port}`] });
  await untilNotReady(proxy, `127.0.0.1:${port}`);
  await expectNoListener(proxy);
});

test('no seed can be reached: the reason is told, and it goes on when one appears', async () => {
  const cluster = await startCluster({ primaries: 1 });
  await cluster.server(0).kill();
  const absent = `127.0.0.1:${await findClusterPort()}`;
  const proxy = await startProxy({ seeds: [absent, cluster.server(0).address] });
  await untilNotReady(proxy, absent, cluster.server(0).address, 'refused');
  await expectNoListener(proxy);
  expect((await fetch(`${proxy.adminUrl}/livez`)).status).toBe(200);
  expect(proxy.log).toContain(absent);
  await cluster.restart(0);
  await proxy.untilReady();
  const client = await proxy.connect();
  expect(await client.call('SET', 'k', 'v')).toBe('OK');
  client.close();
});

test('announced addresses that cannot be reached: which, and the flag that helps', async () => {
  const cluster = await startCluster({
    primaries: 1,
    extraConfig: { 'cluster-announce-ip': NOBODY },
  });
  const seed = cluster.server(0).address;
  const announced = `${NOBODY}:${cluster.server(0).port}`;
  const proxy = await startProxy({ seeds: [seed], args: ['--connect-timeout-ms', '500'] });
  let text = '';
  await waitFor('the address to be named', async () => {
    ({ text } = await proxy.readiness());
    return text.includes(announced);
  });
  expect(text).toContain(`--map ${NOBODY}`);
  expect(proxy.log).toContain(announced);
  expect(proxy.log).toContain(`--map ${NOBODY}`);

  const mapped = await startProxy({ seeds: [seed], args: ['--map', `${NOBODY}=127.0.0.1`] });
  await mapped.untilReady();
  const client = await mapped.connect();
  expect(await client.call('SET', 'k', 'v')).toBe('OK');
  client.close();
});

test('a port in use is named, whoever uses it', async () => {
  const cluster = await startCluster({ primaries: 1 });
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  cleanUps.push(() => void other.close());
  const address = other.address();
  const taken = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const refused = await startProxy({ seeds: cluster.seeds, listen: [taken] });
  expect(await refused.exited).toBe(1);
  expect(refused.log).toContain(taken);
  expect(refused.log).toMatch(/in use/);

  // Slotgate's own listeners could be shared, which would silently take half of the clients.
  const first = await startProxy({ seeds: cluster.seeds });
  await first.untilReady();
  const second = await startProxy({ seeds: cluster.seeds, listen: [`127.0.0.1:${first.port}`] });
  expect(await second.exited).toBe(1);
  expect(second.log).toContain(`127.0.0.1:${first.port}`);
  expect(second.log).toMatch(/in use/);
  const client = await first.connect();
  expect(await client.call('PING')).toBe('PONG');
  client.close();
});

test('a wrong password of the proxy: the servers’ words, and never the password', async () => {
  const cluster = await startCluster({ primaries: 1, requirepass: 'right-password' });
  const proxy = await startProxy({
    seeds: cluster.seeds,
    env: { SLOTGATE_UPSTREAM_PASSWORD: 'wrong-password' },
  });
  await untilNotReady(proxy, cluster.server(0).address, 'WRONGPASS');
  expect(proxy.log).toContain('WRONGPASS');
  expect(proxy.log).not.toContain('wrong-password');
  await expectNoListener(proxy);
});

test('rediss:// is refused as long as there is no TLS; it never falls back to plain text', async () => {
  const proxy = await startProxy({ seeds: ['rediss://127.0.0.1:7000'] });
  expect(await proxy.exited).toBe(2);
  expect(proxy.log).toContain('rediss://');
});

test('a password in a seed is refused and not repeated', async () => {
  const proxy = await startProxy({ seeds: ['redis://user:very-secret@127.0.0.1:7000'] });
  expect(await proxy.exited).toBe(2);
  expect(proxy.log).not.toContain('very-secret');
});

test('a shard that is down: its keys wait and then fail, others are served', async () => {
  const cluster = await startCluster({});
  const proxy = await startProxy({ seeds: cluster.seeds, args: ['--hold-timeout-ms', '700'] });
  await proxy.untilReady();
  const client = await proxy.connect();
  const other = await proxy.connect();
  await client.call('MSET', 'a', '1', 'b', '2', 'c', '3');
  const owner = await cluster.ownerOf(15495);
  await cluster.kill(owner);
  const waiting = client.call('GET', 'a').catch((error: Error) => error.message);
  expect(await other.call('MGET', 'b', 'c')).toEqual(['2', '3']);
  expect(await waiting).toMatch(/^CLUSTERDOWN /);
  expect((await proxy.readiness()).isReady).toBe(true);
  await waitFor('the strict probe to fail', async () => {
    // Whoever waits makes the proxy look again; by itself it does so every ten seconds.
    await expect(client.call('GET', 'a')).rejects.toThrow(/^CLUSTERDOWN /);
    return (await fetch(`${proxy.adminUrl}/readyz?upstream=1`)).status === 503;
  });
  const circuit = () =>
    proxy.metric('slotgate_server_circuit', `server="${cluster.server(owner).address}"`);
  expect(await circuit()).toBeGreaterThan(0);
  const shards = await (await fetch(`${proxy.adminUrl}/v1/shards`)).text();
  expect(shards.match(/"circuit":"closed"/g)).toHaveLength(2);
  await cluster.restart(owner);
  await waitFor(
    'the shard to be served again',
    async () => (await client.call('SET', 'a', '1')) === 'OK',
  );
  expect(await circuit()).toBe(0);
  client.close();
  other.close();
});

test('a proxy that is started while a shard is down serves the others, and it when it comes', async () => {
  const cluster = await startCluster({});
  const owner = await cluster.ownerOf(15495);
  await cluster.kill(owner);
  // The first seed is the dead one.
  const { address } = cluster.server(owner);
  const seeds = [address, ...cluster.seeds.filter((seed) => seed !== address)];
  const proxy = await startProxy({ seeds, args: ['--hold-timeout-ms', '500'] });
  await proxy.untilReady();
  const client = await proxy.connect();
  expect(await client.call('MSET', 'b', '2', 'c', '3')).toBe('OK');
  await expect(client.call('GET', 'a')).rejects.toThrow(/^CLUSTERDOWN /);
  expect(await client.call('MGET', 'b', 'c')).toEqual(['2', '3']);
  await cluster.restart(owner);
  await waitFor('the shard to be served', async () => {
    return (await client.call('SET', 'a', '1').catch(() => '')) === 'OK';
  });
  client.close();
});

test('a cluster that was replaced by another one at the same address', async () => {
  const server = await RealServer.start({ cluster: true });
  cleanUps.push(() => server.stop());
  const admin = await server.connect();
  await admin.call('CLUSTER', 'BUMPEPOCH');
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const proxy = await startProxy({ seeds: [server.address] });
  await proxy.untilReady();
  const client = await proxy.connect();
  expect(await client.call('SET', 'a', '1')).toBe('OK');
  await admin.call('FLUSHALL');
  await admin.call('CLUSTER', 'RESET', 'HARD');
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  expect(await client.call('SET', 'a', '2')).toBe('OK');
  await waitFor('the other cluster to be noticed', () =>
    proxy.log.includes('the cluster was replaced by another one'),
  );
  expect(await client.call('GET', 'a')).toBe('2');
  admin.close();
  client.close();
});

test('a module of the servers that cannot be used in mode cluster', async () => {
  const cluster = new FakeCluster();
  cleanUps.push(() => cluster.stop());
  const member = await cluster.add('a', '<a> {a}@1 myself,master - 0 0 1 connected 0-16383');
  member.script = (args) =>
    args.join(' ') === 'MODULE LIST'
      ? `*1\r\n*2\r\n${bulk('name')}${bulk('timeseries')}`
      : undefined;
  const seeds = [member.server.address];
  const args = ['--mode', 'cluster', '--proxy-policy', 'all-nodes'];
  const refused = await startProxy({ seeds, args });
  expect(await refused.exited).toBe(1);
  expect(refused.log).toContain("the servers have the module 'timeseries'");
  expect(refused.log).toContain('placement_refused');
  const other = ['--module-refusing-cluster', 'rg'];
  const allowed = await startProxy({ seeds, args: [...args, ...other], withoutWaiting: false });
  await allowed.connect();
});
