import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { PlacementSettings } from '../../src/placement/index.js';
import { NODE_HOSTS } from '../support/deployment.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';
import { useClusterStage } from './support/cluster-stage.js';
import {
  openClusterClients,
  openPlainClients,
  runPythonLoad,
  SteadyLoad,
  type StockClient,
} from './support/steady-load.js';
import { TopologyWatch } from './support/topology-watch.js';

/** With six clients about 200 a second. */
const PER_SECOND = 35;
/** What a node is due when the topology lacks it, the library itself rejects: docs/clients.md. */
const DROPPED_WITH_ITS_NODE = 'node-redis cluster: Error: Disconnects client';
/** After the cluster shows a change. */
const PUBLICATION_MS = 2_000;

/** Three primaries, one on each node, their replicas on the next one. */
const [a = '', b = '', c = ''] = NODE_HOSTS;
const cluster = useCluster({ replicasPerPrimary: 1, hosts: [a, b, c, b, c, a] });

const opened: StockClient[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

type Change = Partial<PlacementSettings>;

/** Each can be made with nobody noticing, one after the other. */
const AROUND_CLUSTER: readonly Change[] = [
  { policy: 'all-master-shards' },
  { mode: 'standalone' },
  { policy: 'all-nodes' },
  { mode: 'cluster' },
  { preferredIpType: 'external' },
  { preferredIpType: 'internal' },
  { mode: 'standalone' },
  { policy: 'all-master-shards' },
  { mode: 'cluster' },
  { policy: 'all-nodes' },
];
const AROUND_DIRECT: readonly Change[] = [
  { mode: 'auto' },
  { policy: 'single' },
  { mode: 'direct' },
  { include: ['node3'] },
  { mode: 'standalone' },
  { policy: 'all-nodes' },
  { mode: 'direct' },
  { mode: 'cluster' },
  { policy: 'all-master-shards' },
  { mode: 'auto' },
];

describe('under 200 requests a second, nobody notices', () => {
  const times = { endpointRebindGraceMs: 1_500, movedQuietMs: 500 };
  const stage = useClusterStage(
    cluster,
    { mode: 'cluster', proxyPolicy: 'all-nodes', ...times },
    NODE_HOSTS.map((host) => ({ externalAddresses: [host] })),
  );
  const target = () => ({ host: a, port: stage.port });

  function change(next: Change): void {
    expect(stage.deployment.proxy.deployment.change('db1', next)).toMatchObject({
      kind: 'applied',
    });
  }

  test.each([
    ['to and from mode cluster', 'c:', AROUND_CLUSTER],
    ['to and from the modes direct and auto', 'd:', AROUND_DIRECT],
  ])('%s', { timeout: 60_000 }, async (_name, prefix, changes) => {
    change({ mode: 'standalone', policy: 'all-nodes' });
    opened.push(...(await openPlainClients(target())));
    const plainPython = runPythonLoad('plain', target(), prefix, PER_SECOND);
    // Who connects in mode `cluster` must know MOVED.
    await sleep(1_000);
    change({ mode: 'cluster' });
    opened.push(...(await openClusterClients(target())));
    const clusterPython = runPythonLoad('cluster', target(), prefix, PER_SECOND);
    const load = new SteadyLoad(opened, prefix, PER_SECOND);
    const watch = new TopologyWatch(target());
    for (const [index, next] of changes.entries()) {
      change(next);
      await sleep(600);
      if (index % 3 === 0) await takeTurns(index);
      if (index % 3 === 1) await moveSlots(index);
      await sleep(600);
    }
    const { failures, requests, executed } = await load.stop();
    const { answers, faults } = await watch.stop();
    change({ mode: 'standalone' });
    const client = await stage.deployment.connect(1);
    await client.call('SET', `${prefix}stop`, '1');
    expect(await Promise.all([plainPython, clusterPython])).toEqual(['', '']);
    // Nobody was shown a topology that lacks a server, so that nobody drops one for that.
    expect(faults).toEqual([]);
    expect(answers).toBeGreaterThan(changes.length);
    expect(failures.filter((failure) => failure !== DROPPED_WITH_ITS_NODE)).toEqual([]);
    expect(requests).toBeGreaterThan(changes.length * 100);
    // Each was executed once; one that was rejected, once at most.
    const counts = await client.call('MGET', ...executed.keys());
    const wrong = [...executed].filter(([, { least, most }], index) => {
      const count = Array.isArray(counts) ? Number(counts[index]) : Number.NaN;
      return !(count >= least && count <= most);
    });
    expect(wrong).toEqual([]);
  });

  /** A replica takes over. */
  async function takeTurns(index: number): Promise<void> {
    await cluster().waitUntilOk();
    // The first node keeps a primary: those that know one address only are there.
    const [server, other] = index % 2 === 0 ? [2, 5] : [1, 4];
    const role = await cluster().server(server).call('ROLE');
    const replica = Array.isArray(role) && role[0] === 'master' ? other : server;
    await cluster().failover(replica);
    const id = cluster().nodeId(replica);
    const { deployment } = stage.deployment.proxy;
    await waitFor(
      'the proxy to show it',
      () => deployment.shards().some((shard) => shard.nodeId === id && shard.role === 'primary'),
      { timeoutMs: PUBLICATION_MS },
    );
    await cluster().waitUntilOk();
  }

  async function moveSlots(index: number): Promise<void> {
    await cluster().waitUntilOk();
    const primaries = new Set(await cluster().ownersSeenBy(0));
    for (let slot = index * 100; slot < index * 100 + 5; slot++) {
      const from = await cluster().ownerOf(slot);
      const [to = 0] = [...primaries].filter((owner) => owner !== from);
      await cluster().migrateSlot(slot, from, to);
      await cluster().waitUntilOk();
    }
  }
});
