import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NODE_HOSTS } from '../support/deployment.js';
import { runProgram } from '../support/programs.js';
import { TestClient, type TestReply } from '../support/resp-client.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';
import { CLUSTER_LIBRARIES, type OpenCluster } from './support/cluster-libraries.js';
import { useClusterStage } from './support/cluster-stage.js';
import { foreignPrograms } from './support/foreign.js';

const USE_CLUSTER = fileURLToPath(new URL('foreign/use_cluster.py', import.meta.url));
const REQUESTS = 20_000;
const AT_ONCE = 500;
const { python } = foreignPrograms();

/** Three primaries, one on each node, their replicas on the next one. */
const [a = '', b = '', c = ''] = NODE_HOSTS;
const cluster = useCluster({ replicasPerPrimary: 1, hosts: [a, b, c, b, c, a] });

/** Writes keys of all slots, many at once. */
async function write(client: OpenCluster, prefix: string): Promise<void> {
  for (let first = 0; first < REQUESTS; first += AT_ONCE) {
    const keys = Array.from({ length: AT_ONCE }, (_, i) => `${prefix}${first + i}`);
    await Promise.all(keys.map((key) => client.call(key, 'SET', key, '')));
  }
}

describe.each(['direct', 'auto'])('mode %s', (mode) => {
  const stage = useClusterStage(cluster, { mode, proxyPolicy: 'single' });

  describe.each(CLUSTER_LIBRARIES)('$name', ({ name, open }) => {
    let client: OpenCluster;
    beforeAll(async () => {
      client = await open(stage.port);
    });
    afterAll(() => client?.close());

    test('20,000 requests pass the proxy by', async () => {
      const before = await stage.deployment.forwarded();
      await write(client, `${mode}:${name}:`);
      expect(await stage.deployment.forwarded()).toBe(before);
      const servers = cluster().servers.slice(0, 3);
      expect([...client.primaries()].sort()).toEqual(servers.map(({ address }) => address));
    });
  });

  test('those of a plain client do not', async () => {
    const before = await stage.deployment.forwarded();
    const client = await stage.deployment.connect(1);
    await client.call('SET', 'plain', '');
    expect(await stage.deployment.forwarded()).toBe(before + 1);
  });

  test.skipIf(python === undefined)('redis-py: 20,000 requests pass the proxy by', async () => {
    const before = await stage.deployment.forwarded();
    const args = [USE_CLUSTER, String(stage.port), 'many'];
    const env = { ...process.env, ...python?.env };
    expect(await runProgram(python?.command ?? '', args, { env })).toEqual({ code: 0, output: '' });
    expect(await stage.deployment.forwarded()).toBe(before);
  });
});

describe('a primary is killed', () => {
  const stage = useClusterStage(cluster, { mode: 'auto', proxyPolicy: 'single' });
  const clients: OpenCluster[] = [];
  afterAll(() => Promise.all(clients.map((client) => client.close())));

  test('clients find its successor, one that knows nothing but what the proxy shows included', async () => {
    for (const { open } of CLUSTER_LIBRARIES) {
      clients.push(await open(stage.port));
    }
    const forwarded = await stage.deployment.forwarded();
    const key = 'foo';
    const victim = await cluster().ownerOf(12_182);
    const successor = await cluster().replicaOf(victim);
    const topology = await stage.deployment.connect(1);
    await setWhereShown(topology, key, 'before');
    await cluster().kill(victim);
    // It asks the proxy only, and goes only to whom the proxy shows.
    await waitFor('the proxy to show the successor', async () => {
      await setWhereShown(topology, key, 'after');
      return true;
    });
    expect(await shownOwner(topology)).toBe(cluster().server(successor).address);
    for (const client of clients) {
      await waitFor('the library to have found it', async () => {
        return (await client.call(key, 'GET', key)) === 'after';
      });
    }
    expect(await stage.deployment.forwarded()).toBe(forwarded);
    await cluster().restart(victim);
    await cluster().waitUntilOk();
  });
});

/** `host:port` of the primary of slot 12182. */
async function shownOwner(topology: TestClient): Promise<string> {
  const ranges = list(await topology.call('CLUSTER', 'SLOTS')).map(list);
  const range = ranges.find(([first, last]) => Number(first) <= 12_182 && 12_182 <= Number(last));
  const [host, port] = list(range?.[2] ?? []);
  return `${host}:${port}`;
}

async function setWhereShown(topology: TestClient, key: string, value: string): Promise<void> {
  const [host = '', port] = (await shownOwner(topology)).split(':');
  const client = await TestClient.connect({ host, port: Number(port) });
  try {
    await client.call('SET', key, value);
  } finally {
    client.close();
  }
}

function list(reply: TestReply): readonly TestReply[] {
  return Array.isArray(reply) ? reply : [];
}
