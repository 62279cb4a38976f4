import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { TestCluster } from '../support/cluster.js';
import { NODE_HOSTS } from '../support/deployment.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy } from '../support/proxy.js';
import { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/** Three processes of `slotgate node`, all with one file; a primary beside each. */
let folder = '';
let file = '';
let cluster: TestCluster;
let shownPort = 0;
let plainPort = 0;
let adminPorts: readonly number[] = [];
const nodes: TestProxy[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slotgate-node-'));
  file = join(folder, 'slotgate.yaml');
  cluster = await TestCluster.start({ hosts: NODE_HOSTS });
  shownPort = await findClusterPort();
  plainPort = await findClusterPort();
  adminPorts = [await findClusterPort(), await findClusterPort(), await findClusterPort()];
  writeFile({});
  for (const [index, admin] of adminPorts.entries()) {
    nodes.push(await TestProxy.startNode(file, `n${index + 1}`, { data: plainPort, admin }));
  }
}, 60_000);
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface FileChange {
  readonly plainMode?: string;
  readonly plainPolicy?: string;
  readonly more?: readonly object[];
}

function writeFile({ plainMode, plainPolicy = 'all-nodes', more = [] }: FileChange): void {
  const text = stringify({
    seeds: cluster.seeds,
    nodes: NODE_HOSTS.map((address, i) => ({
      id: `n${i + 1}`,
      address,
      admin: `127.0.0.1:${adminPorts[i]}`,
    })),
    databases: [
      { name: 'shown', port: shownPort, mode: 'cluster', proxyPolicy: 'all-nodes' },
      { name: 'plain', port: plainPort, mode: plainMode, proxyPolicy: plainPolicy },
      ...more,
    ],
  });
  writeFileSync(file, text);
}

/** Runs something with a client of a database on a node. */
async function withClient<T>(
  index: number,
  port: number,
  use: (client: TestClient) => Promise<T>,
): Promise<T> {
  const client = await TestClient.connect({ host: NODE_HOSTS[index] ?? '', port });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** Who owns slots, as a client of a node is shown it: `host:port`. */
function shownOn(index: number): Promise<readonly string[]> {
  return withClient(index, shownPort, async (client) => {
    const ranges = (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    return [...new Set(ranges.map(([, , [host, port]]) => `${host}:${port}`))].sort();
  });
}

/** Nodes hear of each other within a second or so. */
function untilShown(index: number, hosts: readonly string[]): Promise<void> {
  const expected = hosts.map((host) => `${host}:${shownPort}`);
  return waitFor(`${expected} to be shown`, async () => {
    const shown = await shownOn(index);
    return shown.join() === expected.join();
  });
}

test('each process serves all databases on the address of its node', async () => {
  for (const index of NODE_HOSTS.keys()) {
    const reply = withClient(index, plainPort, (client) => client.call('APPEND', 'nodes', 'n'));
    expect(await reply).toBe(index + 1);
    await untilShown(index, NODE_HOSTS);
  }
});

test('a reload adds a database and changes the mode of one, and keeps its clients', async () => {
  const [first] = nodes;
  const addedPort = await findClusterPort();
  const client = await TestClient.connect({ host: NODE_HOSTS[0] ?? '', port: plainPort });
  writeFile({ plainMode: 'auto', more: [{ name: 'added', port: addedPort }] });
  first?.signal('SIGHUP');
  await waitFor('the reload', () => first?.log.includes('configuration reloaded') === true);
  expect(first?.log).toContain('databases.plain.mode');
  await waitFor('the added database to listen', () =>
    withClient(0, addedPort, (added) => added.call('PING')).then(
      (reply) => reply === 'PONG',
      () => false,
    ),
  );
  expect(await client.call('CLUSTER', 'SLOTS')).toHaveLength(3);
  client.close();
});

test('a bad file leaves everything as it is', async () => {
  const [first] = nodes;
  writeFile({ plainMode: 'cluster', plainPolicy: 'single' });
  first?.signal('SIGHUP');
  await waitFor('the refusal', () => first?.log.includes('configuration not reloaded') === true);
  expect(first?.log).toContain('invalid_oss_cluster_configuration');
  expect(first?.log).toContain('databases[1]');
  expect(await withClient(0, plainPort, (client) => client.call('PING'))).toBe('PONG');
});

test('a node whose process is gone is not shown any more', async () => {
  await nodes[2]?.stop();
  for (const index of [0, 1]) await untilShown(index, NODE_HOSTS.slice(0, 2));
});
