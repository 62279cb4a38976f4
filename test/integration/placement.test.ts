import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { NODE_HOSTS, TestDeployment, type TestDeploymentOptions } from '../support/deployment.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy } from '../support/proxy.js';
import { TestClient, type TestClientTarget } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/** Three shards, a primary on each node, its replica on the next one. */
let cluster: TestCluster;
beforeAll(async () => {
  const [a = '', b = '', c = ''] = NODE_HOSTS;
  cluster = await TestCluster.start({ replicasPerPrimary: 1, hosts: [a, b, c, b, c, a] });
}, 60_000);
afterAll(() => cluster.stop());

const deployments: TestDeployment[] = [];
afterEach(async () => {
  await Promise.all(deployments.splice(0).map((deployment) => deployment.stop()));
  await cluster.waitUntilOk();
});

/** One database, with its settings; graces are short. */
async function start(
  settings: Readonly<Record<string, unknown>> = {},
  options: Partial<TestDeploymentOptions> = {},
): Promise<TestDeployment> {
  const times = { endpointRebindGraceMs: 1_500, movedQuietMs: 500 };
  const entry = { seeds: cluster.seeds, ...times, ...settings };
  const deployment = await TestDeployment.start({ databases: [entry], ...options });
  deployments.push(deployment);
  return deployment;
}

async function states({ proxy }: TestDeployment): Promise<readonly string[]> {
  return (await proxy.deployment.endpoints()).map(({ state }) => state);
}

describe('a policy', () => {
  test.each([
    ['all-nodes', ['node1', 'node2', 'node3']],
    ['all-master-shards', ['node1', 'node2', 'node3']],
    ['single', ['node1']],
  ])('%s opens the port on %j', async (proxyPolicy, nodes) => {
    const deployment = await start({ proxyPolicy });
    expect(await deployment.openOn()).toEqual(nodes);
  });

  test('can be changed while clients are connected: a newly chosen node listens at once', async () => {
    const deployment = await start({ proxyPolicy: 'single' });
    const client = await deployment.connect(1);
    expect(deployment.proxy.deployment.change('db1', { policy: 'all-nodes' })).toMatchObject({
      kind: 'applied',
    });
    await waitFor('the ports to open', async () => (await deployment.openOn()).length === 3);
    expect(await client.call('SET', 'k', 'v')).toBe('OK');
    const other = await deployment.connect(3);
    expect(await other.call('GET', 'k')).toBe('v');
  });

  test('is refused with a code if it cannot be, and nothing changes', async () => {
    const deployment = await start({ mode: 'cluster' });
    const { deployment: live } = deployment.proxy;
    expect(live.change('db1', { policy: 'single' })).toMatchObject({
      kind: 'refused',
      problems: [{ code: 'invalid_oss_cluster_configuration' }],
    });
    expect(live.change('db1', { exclude: ['node9'], mode: 'standalone' })).toMatchObject({
      kind: 'refused',
      problems: [{ code: 'invalid_proxy_policy' }],
    });
    expect(live.change('db9', {})).toEqual({ kind: 'unknown-database' });
    const [status] = await live.databases();
    expect(status?.placement).toMatchObject({ mode: 'cluster', policy: 'all-master-shards' });
  });

  test('include and exclude change what it chooses, until the next policy', async () => {
    const deployment = await start({ proxyPolicy: 'single' });
    const { deployment: live } = deployment.proxy;
    live.change('db1', { include: ['node3'] });
    await waitFor('node3 to listen', async () => (await deployment.openOn()).includes('node3'));
    live.change('db1', { policy: 'all-nodes', exclude: ['node1'] });
    await waitFor(
      'node1 to close',
      async () => (await deployment.openOn()).join() === 'node2,node3',
    );
    live.change('db1', { policy: 'all-master-shards' });
    await waitFor('all to listen', async () => (await deployment.openOn()).length === 3);
    const [status] = await live.databases();
    expect(status?.placement).toMatchObject({ include: [], exclude: [] });
  });
});

describe('an endpoint that is no longer chosen', () => {
  test('cuts nobody during the grace, then closes clients between two requests', async () => {
    const deployment = await start(
      { proxyPolicy: 'all-nodes' },
      { process: { drainTimeoutMs: 2_000 } },
    );
    const idle = await deployment.connect(2);
    const working = await deployment.connect(2);
    const stays = await deployment.connect(1);
    let answered = 0;
    let failed = 0;
    const work = (async () => {
      while (!working.socket.destroyed) {
        const reply = await working.call('INCR', 'drained').catch((error: Error) => error.message);
        if (typeof reply === 'number') answered = reply;
        else failed++;
      }
    })();
    deployment.proxy.deployment.change('db1', { policy: 'single' });
    await waitFor('the grace', async () => (await states(deployment))[1] === 'grace');
    // Whoever has not heard of it yet gets in, and nobody is closed.
    const late = await deployment.connect(2);
    expect(await late.call('PING')).toBe('PONG');
    expect(idle.socket.destroyed).toBe(false);
    await waitFor('the end', async () => (await states(deployment))[1] === 'closed', {
      timeoutMs: 10_000,
    });
    await work;
    expect([idle, late, working].map(({ socket }) => socket.destroyed)).toEqual([true, true, true]);
    // One request at most met the close; it was never executed, or answered.
    expect(failed).toBeLessThanOrEqual(1);
    expect(await stays.call('GET', 'drained')).toBe(String(answered));
    expect(await deployment.openOn()).toEqual(['node1']);
  });

  test('chosen again, during the grace or while it is drained, it goes on', async () => {
    const deployment = await start(
      { proxyPolicy: 'all-nodes' },
      { process: { drainTimeoutMs: 20_000 } },
    );
    const { deployment: live } = deployment.proxy;
    const clients = await Promise.all([1, 2, 3].map(() => deployment.connect(3)));
    live.change('db1', { policy: 'single' });
    await waitFor('the grace', async () => (await states(deployment))[2] === 'grace');
    live.change('db1', { policy: 'all-nodes' });
    await waitFor('it to listen', async () => (await states(deployment))[2] === 'listening');
    expect(await Promise.all(clients.map((client) => client.call('PING')))).toEqual(
      clients.map(() => 'PONG'),
    );
    // A client in a transaction is not idle: it keeps the draining from ending.
    const [busy] = clients;
    await busy?.call('MULTI');
    live.change('db1', { policy: 'single' });
    await waitFor('the draining', async () => (await states(deployment))[2] === 'draining');
    live.change('db1', { policy: 'all-nodes' });
    await waitFor('it to listen', async () => (await states(deployment))[2] === 'listening');
    expect(await (await deployment.connect(3)).call('PING')).toBe('PONG');
    expect(await busy?.call('EXEC')).toEqual([]);
  });

  test('who waits there in a blocking command is answered; those elsewhere go on waiting', async () => {
    const deployment = await start(
      { proxyPolicy: 'all-nodes' },
      { process: { drainTimeoutMs: 1_000 } },
    );
    const { deployment: live } = deployment.proxy;
    const leaving = await deployment.connect(2);
    const staying = await deployment.connect(1);
    const nil = leaving.call('BLPOP', 'nobody-pushes', 0);
    const element = staying.call('BLPOP', 'somebody-pushes', 0);
    live.change('db1', { policy: 'single' });
    expect(await nil).toBeNull();
    await waitFor('the close', () => leaving.socket.destroyed);
    await (await deployment.connect(1)).call('RPUSH', 'somebody-pushes', 'x');
    expect(await element).toEqual(['somebody-pushes', 'x']);
    // And there, too, once it is open again.
    live.change('db1', { policy: 'all-nodes' });
    await waitFor('it to listen', async () => (await states(deployment))[1] === 'listening');
    const back = await deployment.connect(2);
    const popped = back.call('BLPOP', 'later', 0);
    await (await deployment.connect(1)).call('RPUSH', 'later', 'y');
    expect(await popped).toEqual(['later', 'y']);
  });
});

test('the port follows the primaries without any traffic', async () => {
  const deployment = await start({ proxyPolicy: 'all-master-shards' });
  // The shard of node3 is taken over by its replica on node1.
  const replica = await cluster.replicaOf(2);
  await cluster.failover(replica);
  await waitFor('the endpoint to go', async () => (await states(deployment))[2] === 'grace');
  await cluster.waitUntilOk();
  await cluster.failover(2);
  await waitFor('it to come back', async () => (await states(deployment))[2] === 'listening');
});

describe('several databases in one process', () => {
  test('have ports, policies and modes of their own', async () => {
    const entries = [
      { seeds: cluster.seeds, proxyPolicy: 'single' },
      { seeds: cluster.seeds, proxyPolicy: 'all-nodes', mode: 'cluster' },
    ];
    const deployment = await start({}, { databases: entries });
    expect([await deployment.openOn(0), await deployment.openOn(1)]).toEqual([
      ['node1'],
      ['node1', 'node2', 'node3'],
    ]);
    const plain = await deployment.connect(1, 0);
    const aware = await deployment.connect(1, 1);
    await expect(plain.call('CLUSTER', 'SLOTS')).rejects.toThrow('cluster support disabled');
    expect(await aware.call('CLUSTER', 'SLOTS')).toHaveLength(3);
    expect(await plain.call('MSET', 'a', '1', 'b', '2')).toBe('OK');
    const checks = deployment.proxy.readiness({ strictUpstream: true });
    expect(checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'listener:db1 true',
      'topology:db1 true',
      'upstream:db1 true',
      'listener:db2 true',
      'topology:db2 true',
      'upstream:db2 true',
    ]);
    const { gauges } = await deployment.proxy.metrics();
    const clients = gauges.filter(({ name }) => name === 'slotgate_endpoint_clients');
    expect(clients.map(({ labels, value }) => [labels.database, labels.node, value])).toEqual([
      ['db1', 'node1', 1],
      ['db1', 'node2', 0],
      ['db1', 'node3', 0],
      ['db2', 'node1', 1],
      ['db2', 'node2', 0],
      ['db2', 'node3', 0],
    ]);
  });

  test('come and go with a reload; the others are not touched', async () => {
    const seeds = cluster.seeds;
    const deployment = await start({}, { databases: [{ seeds }, { seeds }] });
    const stays = await deployment.connect(1, 0);
    const leaves = await deployment.connect(1, 1);
    await deployment.reload({ databases: [{ seeds }] });
    await waitFor('its clients to be drained', () => leaves.socket.destroyed);
    expect(await deployment.openOn(1)).toEqual([]);
    expect(await stays.call('PING')).toBe('PONG');
    await deployment.reload({ databases: [{ seeds }, { seeds }] });
    await waitFor('the new one to listen', async () => (await deployment.openOn(1)).length === 3);
    expect(await (await deployment.connect(2, 1)).call('PING')).toBe('PONG');
  });

  test('a greedy one uses up its own memory; others are served', async () => {
    const seeds = cluster.seeds;
    const limited = { seeds, maxDatabaseMemoryBytes: '4mb' };
    const deployment = await start({}, { databases: [{ seeds }, { seeds }] });
    const queue = async (database: number, mebibytes: number) => {
      const client = await deployment.connect(1, database);
      await client.call('MULTI');
      expect(await client.call('SET', 'key', 'v'.repeat(mebibytes * 1024 ** 2))).toBe('QUEUED');
      return client;
    };
    const other = await queue(0, 6);
    const [large, small] = [await queue(1, 6), await queue(1, 1)];
    await deployment.reload({ databases: [{ seeds }, limited] });
    await waitFor('the largest to be closed', () => large.socket.destroyed);
    expect([await small.call('DISCARD'), await other.call('DISCARD')]).toEqual(['OK', 'OK']);
    expect(await deployment.counted('slotgate_database_memory_closed_total')).toBe(1);
    await waitFor('the log', () =>
      deployment.log.some((line) => line.startsWith('memory of the database is short')),
    );
    await deployment.reload({ databases: [{ seeds }, { seeds }] });
    expect(await (await queue(1, 6)).call('DISCARD')).toBe('OK');
  });

  test('a reload changes what the file changes, and keeps what was changed at run time', async () => {
    const entry = { seeds: cluster.seeds, proxyPolicy: 'all-nodes' };
    const deployment = await start({}, { databases: [entry] });
    const { deployment: live } = deployment.proxy;
    live.change('db1', { mode: 'direct' });
    await deployment.reload({ databases: [{ ...entry, preferredEndpointType: 'hostname' }] });
    const [status] = await live.databases();
    expect(status?.placement).toMatchObject({
      mode: 'direct',
      policy: 'all-nodes',
      preferredEndpointType: 'hostname',
    });
  });
});

test('listeners of one proxy have modes of their own', async () => {
  const [plainPort, autoPort] = [await findClusterPort(), await findClusterPort()];
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-modes-'));
  const path = join(folder, 'cluster.sock');
  const proxy = await TestProxy.start({
    seeds: cluster.seeds,
    listen: [`127.0.0.1:${plainPort}`, `127.0.0.1:${autoPort}?mode=auto`, `${path}?mode=cluster`],
  });
  try {
    const ask = async (target: TestClientTarget, ...words: string[]) => {
      const client = await TestClient.connect(target);
      const reply = await client.call(...words).catch((error: Error) => error.message);
      client.close();
      return reply;
    };
    const plain = { port: plainPort };
    const auto = { port: autoPort };
    expect(await ask(plain, 'CLUSTER', 'SLOTS')).toContain('cluster support disabled');
    expect(await ask(plain, 'MSET', 'a', '1', 'b', '2')).toBe('OK');
    expect(await ask(auto, 'CLUSTER', 'SLOTS')).toHaveLength(3);
    expect(await ask(auto, 'MGET', 'a', 'b')).toEqual(['1', '2']);
    expect(await ask({ path }, 'CLUSTER', 'SLOTS')).toHaveLength(1);
    expect(await ask({ path }, 'MGET', 'a', 'b')).toContain('CROSSSLOT');
  } finally {
    await proxy.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('an address that is taken is named, and nothing is left open', async () => {
  const first = await start({ proxyPolicy: 'single' });
  await expect(start({}, { ports: first.ports })).rejects.toThrow(/127\.0\.0\.1:\d+.*in use/);
  expect(await first.openOn()).toEqual(['node1']);
});

test('the status shows nodes, databases, endpoints and shards', async () => {
  const deployment = await start({ proxyPolicy: 'single', mode: 'direct' });
  // A client counts when it has been accepted.
  await (await deployment.connect(1)).call('PING');
  const { deployment: live } = deployment.proxy;
  expect(
    live.nodes().map(({ uid, spec, isHosted, isUp }) => [uid, spec.id, isHosted, isUp]),
  ).toEqual([
    [1, 'node1', true, true],
    [2, 'node2', true, true],
    [3, 'node3', true, true],
  ]);
  expect(await live.databases()).toMatchObject([
    {
      uid: 1,
      name: 'db1',
      port: deployment.ports[0],
      state: 'active',
      primaries: 3,
      replicas: 3,
      clients: 1,
      steppingAside: { local: { kind: 'ok' }, remote: { kind: 'refused' } },
    },
  ]);
  const endpoints = await live.endpoints();
  expect(
    endpoints.map(({ node, isChosen, state, clients }) => [node, isChosen, state, clients]),
  ).toEqual([
    [1, true, 'listening', 1],
    [2, false, 'closed', 0],
    [3, false, 'closed', 0],
  ]);
  const shards = live.shards();
  expect(shards.map(({ uid }) => uid)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(shards.filter(({ role }) => role === 'primary').map(({ node }) => node)).toEqual([
    1, 2, 3,
  ]);
  expect(shards[0]?.slots[0]?.[0]).toBe(0);
  // Dense by default, and the shards are not.
  expect(live.unbalanced()).toMatchObject([{ database: 1, node: 'node1', localShards: 1 }]);
});
