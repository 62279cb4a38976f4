import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { NODE_HOSTS, TestDeployment, type TestDeploymentOptions } from '../support/deployment.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const PAGE = readFileSync(
  fileURLToPath(new URL('../../docs/placement.md', import.meta.url)),
  'utf8',
);
/** Slots 12182 and 5061. */
const KEYS = ['foo', 'bar'];

/** A primary on each node, its replica on the next one. */
const [a = '', b = '', c = ''] = NODE_HOSTS;
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1, hosts: [a, b, c, b, c, a] });
}, 60_000);
afterAll(() => cluster?.stop());

const deployments: TestDeployment[] = [];
afterEach(() => Promise.all(deployments.splice(0).map((deployment) => deployment.stop())));

async function start(mode: string, options: Partial<TestDeploymentOptions> = {}) {
  const entry = { seeds: cluster.seeds, mode, proxyPolicy: 'all-nodes', movedQuietMs: 0 };
  const deployment = await TestDeployment.start({ databases: [entry], ...options });
  deployments.push(deployment);
  return deployment;
}

/** The error of a request, with what the document writes for its numbers and addresses. */
async function refusal(client: TestClient, ...words: readonly string[]): Promise<string> {
  const error = await client.call(...words).then(
    () => 'no error',
    (reason: Error) => reason.message,
  );
  return error.replace(/^MOVED \d+ \S+$/, 'MOVED SLOT HOST:PORT');
}

/** The row of the table whose symptom has these words. */
function row(words: string): string {
  const line = PAGE.split('\n').find((text) => text.startsWith('|') && text.includes(words));
  if (line === undefined) throw new Error(`docs/placement.md says nothing of ${words}`);
  return line;
}

test('MOVED to a plain client', async () => {
  const client = await (await start('cluster')).connect(1);
  const text = await refusal(client, 'SET', 'foo', '1');
  expect(text).toBe('MOVED SLOT HOST:PORT');
  expect(row(text)).toContain('`auto`');
  const other = await (await start('auto')).connect(1);
  expect(await other.call('SET', 'foo', '1')).toBe('OK');
});

test.each(['cluster', 'direct'])('CROSSSLOT for several keys in mode %s', async (mode) => {
  const client = await (await start(mode)).connect(1);
  const text = await refusal(client, 'MGET', ...KEYS);
  expect(row(text)).toContain('hash tag');
  expect(await client.call('MGET', '{key:0}a', '{key:0}b').catch(String)).not.toContain(
    'CROSSSLOT',
  );
  const other = await (await start('auto')).connect(1);
  expect(await other.call('MGET', ...KEYS)).toHaveLength(2);
});

test('transactions and scripts over several slots fail in every mode', async () => {
  for (const mode of ['standalone', 'auto']) {
    const client = await (await start(mode)).connect(1);
    const text = await refusal(client, 'EVAL', 'return 1', '2', ...KEYS);
    expect(text).toMatch(/^CROSSSLOT /);
    await client.call('MULTI');
    await client.call('SET', 'foo', '1');
    await client.call('SET', 'bar', '1').catch(String);
    expect(row('scripts fail')).toContain(await refusal(client, 'EXEC').then(firstWord));
  }
});

test('cluster support disabled', async () => {
  const standalone = await (await start('standalone')).connect(1);
  for (const words of [['CLUSTER', 'SLOTS'], ['READONLY'], ['ASKING']]) {
    expect(row(await refusal(standalone, ...words))).toContain('`cluster`');
  }
  // Here the servers are at loopback addresses, which nobody else can reach.
  const [status] = await (await start('direct')).proxy.deployment.databases();
  const why = status?.steppingAside?.remote;
  expect(why).toMatchObject({ kind: 'refused', why: expect.stringContaining('own machine') });
  expect(row('cluster support disabled')).toContain('slotgate ctl info db');
});

test('what reads INFO before it asks for slots', async () => {
  const enabled = async (mode: string) => {
    const client = await (await start(mode)).connect(1);
    return /cluster_enabled:(\d)/.exec(await client.text('INFO'))?.[1];
  };
  expect(await Promise.all(['standalone', 'cluster', 'direct', 'auto'].map(enabled))).toEqual([
    '0',
    '1',
    '1',
    '1',
  ]);
  expect(row('Cluster mode is not enabled')).toContain('INFO');
});

test('addresses that clients from elsewhere cannot reach', async () => {
  const nodes = NODE_HOSTS.map((_, i) => ({ externalAddresses: [`192.0.2.${i + 1}`] }));
  const deployment = await start('cluster', { nodes });
  const client = await deployment.connect(1);
  expect(await shown(client)).toEqual([...NODE_HOSTS]);
  deployment.proxy.deployment.change('db1', { preferredIpType: 'external' });
  expect(await shown(client)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  expect(row('cannot connect to the addresses')).toContain('`preferredIpType`');
});

test('a topology that is out of date', async () => {
  const deployment = await start('cluster');
  const clients = await Promise.all([1, 2, 3].map((node) => deployment.connect(node)));
  const owner = await cluster.ownerOf(12_182);
  const holder = clients[NODE_HOSTS.indexOf(cluster.server(owner).host)];
  if (holder === undefined) throw new Error('every server is on a node');
  expect(await holder.call('SET', 'foo', '1')).toBe('OK');
  const replica = await cluster.replicaOf(owner);
  const successor = cluster.server(replica).host;
  await cluster.failover(replica);
  // The client still goes where it went, until it is told.
  await waitFor('the client to be told', async () => {
    const error = await holder.call('SET', 'foo', '1').catch((reason: Error) => reason.message);
    return error === `MOVED 12182 ${successor}:${deployment.ports[0]}`;
  });
  const ranges = (await holder.call('CLUSTER', 'SLOTS')) as [number, number, [string]][];
  const range = ranges.find(([first, last]) => first <= 12_182 && 12_182 <= last);
  expect(range?.[2][0]).toBe(successor);
  expect(row('out of date')).toContain('CLUSTER SLOTS');
});

/** Hosts of all primaries. */
async function shown(client: TestClient): Promise<readonly string[]> {
  const ranges = (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string]][];
  return ranges.map(([, , [host]]) => host);
}

function firstWord(text: string): string {
  return text.split(' ')[0] ?? '';
}
