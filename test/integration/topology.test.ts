import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Credentials } from '../../src/shards/index.js';
import { type ClusterTopology, UNASSIGNED } from '../../src/topology/index.js';
import { TestCluster } from '../support/cluster.js';
import { primaryAddress, type WatchedMonitor, watchMonitor } from '../support/monitor.js';
import { RealServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const PASSWORD = 'test-password';
const CREDENTIALS: Credentials = {
  current: () => ({ password: PASSWORD }),
  refresh: () => Promise.resolve(),
};

const watching: WatchedMonitor[] = [];

function watch(...args: Parameters<typeof watchMonitor>): WatchedMonitor {
  const watched = watchMonitor(...args);
  watching.push(watched);
  return watched;
}

afterEach(async () => {
  await Promise.all(watching.splice(0).map(({ monitor }) => monitor.stop()));
});

function isWhole(topology: ClusterTopology): boolean {
  return !topology.slotToShard.includes(UNASSIGNED);
}

describe('a real cluster with a password', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.start({ replicasPerPrimary: 1, requirepass: PASSWORD });
  });

  afterAll(async () => {
    await cluster.stop();
  });

  test('is found from one seed: shards, replicas, time-out, commands', async () => {
    const { monitor, until } = watch(cluster.seeds.slice(0, 1), { credentials: CREDENTIALS });
    const topology = await until(isWhole);
    expect(topology.shards).toHaveLength(3);
    expect(topology.shards.map(({ replicas }) => replicas.length)).toEqual([1, 1, 1]);
    expect(primaryAddress(topology, 0)).toBe(cluster.server(0).address);
    expect(topology.nodeTimeoutMs).toBe(2_000);
    await waitFor('the probe', () => monitor.defaultUserNeedsPassword() === true);
    expect(monitor.status()).toMatchObject({ kind: 'ready', seedErrors: [], unreachable: [] });
    const commands = await monitor.fetchCommands();
    expect(commands).toHaveLength(2);
    expect(commands[0]?.kind === 'array' && commands[0].items.length > 200).toBe(true);
    const id = cluster.nodeId(4);
    const reply = await monitor.execute(id, ['CLUSTER', 'MYID']);
    expect(reply).toEqual({ kind: 'string', bytes: Buffer.from(id) });
  });

  test('wrong and missing passwords are told by status, without showing them', async () => {
    const wrong = { ...CREDENTIALS, current: () => ({ password: 'hunter2' }) };
    const attempts = [watch(cluster.seeds, { credentials: wrong }), watch(cluster.seeds)];
    for (const { monitor, lines } of attempts) {
      await waitFor('all seeds to refuse', () => monitor.status().seedErrors.length === 3);
      const { kind, seedErrors } = monitor.status();
      expect(kind).toBe('searching');
      expect(new Set(seedErrors.map(({ code }) => code))).toEqual(
        new Set(['authentication_refused']),
      );
      expect(JSON.stringify([seedErrors, lines])).not.toContain('hunter2');
    }
  });

  test('follows a slot from open to moved', async () => {
    const { monitor, until } = watch(cluster.seeds, { credentials: CREDENTIALS });
    await until(isWhole);
    await cluster.openSlot(100, 0, 1);
    monitor.requestRefresh({ kind: 'manual', detail: 'test' });
    const open = await until(({ openSlots }) => openSlots.length === 2);
    expect(open.openSlots.map(({ slot, nodeId }) => [slot, nodeId])).toEqual(
      expect.arrayContaining([
        [100, cluster.nodeId(0)],
        [100, cluster.nodeId(1)],
      ]),
    );
    await cluster.closeSlot(100, 0, 1);
    monitor.requestRefresh({ kind: 'moved', detail: 'slot 100' });
    const closed = await until(({ openSlots }) => openSlots.length === 0);
    expect(primaryAddress(closed, 100)).toBe(cluster.server(1).address);
  });

  test('while requests are held it finds the promoted replica by itself', async () => {
    const { monitor, published, until } = watch(cluster.seeds, { credentials: CREDENTIALS });
    await until(isWhole);
    await cluster.kill(2);
    monitor.setHolding(true);
    const after = await until((t) => primaryAddress(t, 16_383) === cluster.server(5).address);
    monitor.setHolding(false);
    expect(isWhole(after)).toBe(true);
    const versions = published.map(({ topology }) => topology.version);
    expect(versions).toEqual(versions.map((_, i) => i + 1));
    expect(published.every(({ topology }) => topology.shards.length === 3)).toBe(true);
  });
});

test('a stand-alone server as seed: the status says what it lacks', async () => {
  const server = await RealServer.start();
  const { monitor } = watch([server.address]);
  await waitFor('the error', () => monitor.status().seedErrors.length > 0);
  expect(monitor.status().seedErrors[0]).toMatchObject({ code: 'cluster_disabled' });
  expect(monitor.status().seedErrors[0]?.message).toContain('cluster-enabled yes');
  await server.stop();
});
