import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shownNodeId } from '../../src/placement/index.js';
import { TestCluster } from '../support/cluster.js';
import { NODE_HOSTS, TestDeployment } from '../support/deployment.js';
import type { TestClient, TestReply } from '../support/resp-client.js';

const KEYS = Array.from({ length: 300 }, (_, i) => `key:${i}`);
const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
const SLOT_OF_FOO = 12_182;

/** Two of three primaries on the first node, one on the second, only replicas on the third. */
let cluster: TestCluster;
beforeAll(async () => {
  const [a = '', b = '', c = ''] = NODE_HOSTS;
  cluster = await TestCluster.start({ replicasPerPrimary: 1, hosts: [a, a, b, c, c, c] });
}, 60_000);
afterAll(() => cluster?.stop());

const deployments: TestDeployment[] = [];
afterEach(() => Promise.all(deployments.splice(0).map((deployment) => deployment.stop())));

async function start(mode: string, settings: Readonly<Record<string, unknown>> = {}) {
  const entry = { seeds: cluster.seeds, mode, proxyPolicy: 'all-nodes', ...settings };
  const deployment = await TestDeployment.start({ databases: [entry] });
  deployments.push(deployment);
  const clients = await Promise.all([1, 2, 3].map((node) => deployment.connect(node)));
  return { deployment, clients, port: deployment.ports[0] ?? 0 };
}

function rows(reply: TestReply): readonly (readonly TestReply[])[] {
  return Array.isArray(reply) ? reply.map((row) => (Array.isArray(row) ? row : [])) : [];
}

async function scanned(client: TestClient): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const [next, page] = rows([await client.call('SCAN', cursor, 'COUNT', 50)])[0] ?? [];
    cursor = String(next);
    keys.push(...(Array.isArray(page) ? page.map(String) : []));
  } while (cursor !== '0');
  return keys;
}

describe('mode cluster', () => {
  beforeEach(async () => {
    const { clients } = await start('standalone');
    await clients[0]?.call('FLUSHALL');
    await clients[0]?.call('FUNCTION', 'FLUSH');
    await clients[0]?.call('MSET', ...KEYS.flatMap((key) => [key, '1']));
    await Promise.all(deployments.splice(0).map((deployment) => deployment.stop()));
  });

  test('every node shows the same proxies, and itself among them', async () => {
    const { clients, port } = await start('cluster');
    const shown = await Promise.all(clients.map((client) => client.call('CLUSTER', 'SLOTS')));
    expect(shown[0]).toEqual([
      [0, 10_922, [NODE_HOSTS[0], port, shownNodeId('db1', 'node1'), []]],
      [10_923, 16_383, [NODE_HOSTS[1], port, shownNodeId('db1', 'node2'), []]],
    ]);
    expect(shown).toEqual([shown[0], shown[0], shown[0]]);
    const ids = await Promise.all(clients.map((client) => client.call('CLUSTER', 'MYID')));
    expect(ids).toEqual(['node1', 'node2', 'node3'].map((node) => shownNodeId('db1', node)));
    const texts = await Promise.all(clients.map((client) => client.call('CLUSTER', 'NODES')));
    const myself = texts.map((text) => /^(\w+) \S+ myself,master/m.exec(String(text))?.[1]);
    expect(myself).toEqual(ids);
    const info = String(await clients[2]?.call('CLUSTER', 'INFO'));
    expect(info).toMatch(/cluster_state:ok\r\n[\s\S]*cluster_known_nodes:3\r\ncluster_size:2\r\n/);
  });

  test('what all nodes say together counts every key once', async () => {
    const { clients } = await start('cluster');
    const sizes = await Promise.all(clients.map((client) => client.call('DBSIZE')));
    expect(sizes.map(Number).reduce((a, b) => a + b)).toBe(KEYS.length);
    expect(sizes[2]).toBe(0);
    const keys = await Promise.all(clients.map((client) => client.call('KEYS', 'key:*')));
    expect(keys.flat().sort()).toEqual([...KEYS].sort());
    const scans = await Promise.all(clients.map(scanned));
    expect(scans.flat().sort()).toEqual([...KEYS].sort());
    expect(scans.map(({ length }) => length)).toEqual(sizes);
    expect(await clients[2]?.call('RANDOMKEY')).toBeNull();
    const random = String(await clients[1]?.call('RANDOMKEY'));
    expect(Number(await clients[1]?.call('CLUSTER', 'KEYSLOT', random))).toBeGreaterThan(10_922);
  });

  test('FLUSHALL and functions are for the shards of one node', async () => {
    const { clients } = await start('cluster');
    const [first, second, third] = clients;
    const ofSecond = Number(await second?.call('DBSIZE'));
    expect(await third?.call('FLUSHALL')).toBe('OK');
    expect(await first?.call('FLUSHALL')).toBe('OK');
    expect([await first?.call('DBSIZE'), await second?.call('DBSIZE')]).toEqual([0, ofSecond]);
    // As redis-py does: at every primary that it sees.
    expect(await first?.call('FUNCTION', 'LOAD', LIBRARY)).toBe('lib');
    expect(await second?.call('FUNCTION', 'LOAD', LIBRARY)).toBe('lib');
    expect(await second?.call('FCALL', 'f', 1, 'foo')).toBe(1);
  });

  test('keys of a slot are asked for at any node; what would change the cluster is refused', async () => {
    const { clients } = await start('cluster');
    await clients[1]?.call('MSET', '{foo}1', '1', '{foo}2', '2');
    for (const client of clients) {
      expect(await client.call('CLUSTER', 'COUNTKEYSINSLOT', SLOT_OF_FOO)).toBe(2);
      const keys = await client.call('CLUSTER', 'GETKEYSINSLOT', SLOT_OF_FOO, 10);
      expect(Array.isArray(keys) && [...keys].sort()).toEqual(['{foo}1', '{foo}2']);
    }
    await expect(clients[0]?.call('CLUSTER', 'COUNTKEYSINSLOT', 99_999)).rejects.toThrow(
      'ERR Invalid slot',
    );
    await expect(clients[0]?.call('CLUSTER', 'RESET')).rejects.toThrow(
      "ERR command is not allowed through Slotgate: 'cluster|reset'",
    );
    await expect(clients[0]?.call('CLUSTER', 'NONSENSE')).rejects.toThrow('Try CLUSTER HELP.');
  });

  test('INFO and CONFIG GET say so', async () => {
    const { clients } = await start('cluster');
    const info = String(await clients[1]?.call('INFO'));
    expect(info).toContain('redis_mode:cluster\r\n');
    expect(info).toContain('cluster_enabled:1\r\n');
    expect(await clients[1]?.call('CONFIG', 'GET', 'cluster-enabled')).toEqual([
      'cluster-enabled',
      'yes',
    ]);
  });
});

describe.each([
  ['direct', 'cluster'],
  ['auto', 'standalone'],
])('mode %s', (mode, word) => {
  test('shows the servers, and the proxy in CLUSTER NODES only', async () => {
    const { clients } = await start(mode);
    const [client] = clients;
    const ranges = rows((await client?.call('CLUSTER', 'SLOTS')) ?? null);
    const primaries = ranges.map(([first, last, primary]) => [first, last, primary]);
    expect(primaries).toEqual(
      [
        [0, 5_460],
        [5_461, 10_922],
        [10_923, 16_383],
      ].map((range, i) => {
        const { host, port } = cluster.server(i);
        return [...range, [host, port, cluster.nodeId(i), []]];
      }),
    );
    const nodes = String(await client?.call('CLUSTER', 'NODES'));
    expect(nodes.trim().split('\n')).toHaveLength(7);
    expect(nodes).toMatch(/^\w{40} 127\.0\.0\.1:\d+@\d+ myself,master - 0 0 0 connected$/m);
    expect(String(await client?.call('INFO', 'server', 'cluster'))).toMatch(
      new RegExp(`redis_mode:${word}\\r\\n[\\s\\S]*cluster_enabled:1`),
    );
    expect(await client?.call('DBSIZE')).toEqual(await clients[2]?.call('DBSIZE'));
  });
});

test('mode standalone knows of no cluster', async () => {
  const { clients } = await start('standalone');
  for (const words of [['SLOTS'], ['NODES'], ['KEYSLOT', 'a'], ['RESET'], ['HELP']]) {
    await expect(clients[0]?.call('CLUSTER', ...words)).rejects.toThrow(
      'ERR This instance has cluster support disabled',
    );
  }
});
