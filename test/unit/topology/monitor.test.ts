import { afterEach, describe, expect, test } from 'vitest';
import {
  AddressMap,
  NameResolver,
  SYSTEM_CLOCK,
  type TopologyMonitorOptions,
  UNASSIGNED,
} from '../../../src/topology/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeCluster, type FakeMember, fakeNodeId } from '../../support/fake-cluster.js';
import { FakeServer } from '../../support/fake-server.js';
import { primaryAddress, type WatchedMonitor, watchMonitor } from '../../support/monitor.js';
import { waitFor } from '../../support/wait.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

function fakeCluster(): FakeCluster {
  const cluster = new FakeCluster();
  cleanups.push(() => cluster.stop());
  return cluster;
}

function watch(
  seeds: readonly string[],
  options: Partial<TopologyMonitorOptions> = {},
): WatchedMonitor {
  const watched = watchMonitor(seeds, options);
  cleanups.push(() => watched.monitor.stop());
  return watched;
}

/** Lines for members a and b, as `self` sees them. */
function pair(self: 'a' | 'b', slotsOfA: string, slotsOfB: string, epochOfB = 2): string {
  const flags = (name: string) => (name === self ? 'myself,master' : 'master');
  return [
    `<a> {a}@1 ${flags('a')} - 0 0 1 connected ${slotsOfA}`,
    `<b> {b}@1 ${flags('b')} - 0 0 ${epochOfB} connected ${slotsOfB}`,
  ].join('\n');
}

async function startPair(cluster: FakeCluster): Promise<{ a: FakeMember; b: FakeMember }> {
  const a = await cluster.add('a', pair('a', '0-8000', '8001-16383'));
  const b = await cluster.add('b', pair('b', '0-8000', '8001-16383'));
  return { a, b };
}

describe('finding the cluster', () => {
  test('publishes a whole topology', async () => {
    const { a, b } = await startPair(fakeCluster());
    const { published, until } = watch([a.server.address]);
    const topology = await until(() => true);
    expect(primaryAddress(topology, 0)).toBe(a.server.address);
    expect(primaryAddress(topology, 16_383)).toBe(b.server.address);
    expect(topology).toMatchObject({ version: 1, nodeTimeoutMs: 1_500, currentEpoch: 1 });
    expect(topology.servers[0]).toMatchObject({
      nodeId: fakeNodeId('a'),
      redirectNames: [a.server.address],
      hasSlots: true,
    });
    expect(published).toMatchObject([{ changed: true }]);
  });

  test('a dead seed beside a good one is told, and does no harm', async () => {
    const { a } = await startPair(fakeCluster());
    const dead = await FakeServer.start(() => null);
    await dead.stop();
    const { monitor, until } = watch([dead.address, a.server.address]);
    await until(() => true);
    expect(monitor.status()).toMatchObject({
      kind: 'ready',
      seedErrors: [{ seed: dead.address, code: 'connect_failed' }],
    });
  });

  test('goes on searching until a seed is there, and logs one thing once', async () => {
    const cluster = fakeCluster();
    const a = await cluster.add('a', '<a> {a}@1 myself,master - 0 0 1 connected 0-16383');
    a.answer = '-LOADING Redis is loading the dataset in memory\r\n';
    const { monitor, lines, until } = watch([a.server.address]);
    await waitFor('some attempts', () => a.server.received.length > 6);
    expect(monitor.status()).toMatchObject({
      kind: 'searching',
      seedErrors: [{ code: 'server_loading' }],
    });
    expect(lines.filter((line) => line.level === 'warn')).toHaveLength(1);
    a.answer = undefined;
    await until(() => true);
    expect(monitor.status()).toMatchObject({ kind: 'ready', seedErrors: [] });
  });

  test.each([
    ['-ERR This instance has cluster support disabled', 'cluster_disabled', 'slotgate up'],
    ['-NOAUTH Authentication required.', 'authentication_refused', 'wants a password'],
    ["-NOPERM this user has no permissions to run 'cluster|info'", 'permission_denied', 'NOPERM'],
    ['-ERR odd', 'server_refused', 'answered CLUSTER'],
    [':1', 'reply_invalid', 'answered CLUSTER'],
    ['$3\r\nhey', 'reply_invalid', ''],
  ])('a seed that answers %j', async (answer, code, words) => {
    const server = await FakeServer.start(() => `${answer}\r\n`);
    cleanups.push(() => server.stop());
    const { monitor } = watch([server.address]);
    await waitFor('the error', () => {
      const status = monitor.status();
      return status.kind === 'searching' && status.seedErrors[0]?.code === code;
    });
    const [error] = monitor.status().seedErrors;
    expect(error?.message).toContain(words);
    expect(error?.seed).toBe(server.address);
  });

  test('a cluster without any slots is not usable yet', async () => {
    const cluster = fakeCluster();
    const a = await cluster.add('a', '<a> {a}@1 myself,master - 0 0 1 connected');
    const { monitor, until } = watch([a.server.address]);
    await waitFor('the error', () => monitor.status().seedErrors[0]?.code === 'cluster_unassigned');
    a.nodes = '<a> {a}@1 myself,master - 0 0 1 connected 5';
    const topology = await until(() => true);
    expect(topology.slotToShard[5]).toBe(0);
    expect(topology.slotToShard[6]).toBe(UNASSIGNED);
  });

  test('stop ends a search', async () => {
    const dead = await FakeServer.start(() => null);
    await dead.stop();
    const { monitor, lines } = watch([dead.address]);
    await monitor.stop();
    const count = lines.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(lines).toHaveLength(count);
  });
});

describe('refreshing', () => {
  test('a request publishes a newer snapshot, marked as unchanged', async () => {
    const { a } = await startPair(fakeCluster());
    const { monitor, published, until } = watch([a.server.address]);
    const first = await until(() => true);
    monitor.requestRefresh({ kind: 'moved', detail: 'slot 1' });
    const second = await until((topology) => topology.version === 2);
    expect(published.map(({ changed }) => changed)).toEqual([true, false]);
    expect(second.refreshStartedAtMs).toBeGreaterThan(first.refreshStartedAtMs);
  });

  test('a moved slot is seen, the open slot with it', async () => {
    const { a, b } = await startPair(fakeCluster());
    const { monitor, until } = watch([a.server.address]);
    await until(() => true);
    a.nodes = pair('a', '0-7999 [7->-<b>]', '8000-16383', 3);
    b.nodes = pair('b', '0-7999', '8000-16383', 3);
    monitor.requestRefresh({ kind: 'moved', detail: 'slot 8000' });
    const topology = await until(({ version }) => version > 1);
    expect(primaryAddress(topology, 8_000)).toBe(b.server.address);
    expect(topology.openSlots).toMatchObject([{ slot: 7, state: 'migrating' }]);
  });

  test('a server that hangs delays a refresh by no more than its patience', async () => {
    const { a, b } = await startPair(fakeCluster());
    const { monitor, until } = watch([a.server.address, b.server.address]);
    await until(() => true);
    b.answer = null;
    monitor.requestRefresh({ kind: 'manual', detail: 'test' });
    const topology = await until(({ version }) => version === 2);
    expect(topology.shards).toHaveLength(2);
  });

  test.each([
    ['reset', ''],
    ['recycled by another cluster', '0-16383'],
  ])('one node %s does not replace the cluster while others answer', async (_what, slots) => {
    const { a, b } = await startPair(fakeCluster());
    const { monitor, published, until } = watch([a.server.address]);
    await until(() => true);
    b.nodes = `<x> {b}@1 myself,master - 0 0 9 connected ${slots}`;
    monitor.setHolding(true);
    await waitFor('polls of b', () => b.server.received.length > 8, { timeoutMs: 10_000 });
    for (const { topology } of published) {
      expect(primaryAddress(topology, 0)).toBe(a.server.address);
      expect(topology.shards).toHaveLength(2);
    }
  });

  test('a recreated cluster is accepted in spite of lower epochs', async () => {
    const cluster = fakeCluster();
    const a = await cluster.add('a', '<a> {a}@1 myself,master - 0 0 9 connected 0-16383', 9);
    const { monitor, lines, until } = watch([a.server.address]);
    await until(() => true);
    a.nodes = '<z> {a}@1 myself,master - 0 0 1 connected 0-16383';
    a.epoch = 1;
    monitor.requestRefresh({ kind: 'link-lost', detail: 'test' });
    const topology = await until(({ servers }) => servers[0]?.nodeId === fakeNodeId('z'));
    expect(topology.currentEpoch).toBe(1);
    expect(lines.some(({ message }) => message.includes('replaced'))).toBe(true);
  });
});

describe('addresses', () => {
  test('an empty host is the one that was dialled', async () => {
    const cluster = fakeCluster();
    const a = await cluster.add('a', '');
    a.nodes = `<a> :${a.server.port}@1 myself,master - 0 0 1 connected 0-16383`;
    const { until } = watch([a.server.address]);
    const topology = await until(() => true);
    expect(primaryAddress(topology, 0)).toBe(a.server.address);
    expect(topology.servers[0]?.redirectNames).toEqual([a.server.address]);
  });

  test('announced addresses that lead nowhere are named, with the flag to add', async () => {
    const cluster = fakeCluster();
    const gone = await FakeServer.start(() => null);
    await gone.stop();
    const a = await cluster.add('a', '');
    a.nodes = `<a> ${gone.address}@1 myself,master - 0 0 1 connected 0-16383`;
    const { monitor, lines } = watch([a.server.address]);
    await waitFor('the probe', () => {
      const status = monitor.status();
      return status.kind === 'ready' && status.unreachable.length > 0;
    });
    const flag = `--map ${gone.address}=${a.server.address}`;
    expect(monitor.status()).toMatchObject({ unreachable: [{ announced: gone.address }] });
    expect(lines.filter(({ message }) => message.includes(flag))).toHaveLength(1);
  });

  test('the map and host names lead to addresses; redirects keep the announced names', async () => {
    const cluster = fakeCluster();
    const a = await cluster.add('a', '<a> 172.30.0.9:7000@1,node-a - 0 0 1 connected 0-16383');
    a.nodes = '<a> 172.30.0.9:7000@1,node-a myself,master - 0 0 1 connected 0-16383';
    const { until } = watch([a.server.address], {
      addressMap: new AddressMap([`172.30.0.9:7000=here:${a.server.port}`]),
      resolver: new NameResolver(SYSTEM_CLOCK, () => Promise.resolve(['127.0.0.1'])),
    });
    const topology = await until(() => true);
    expect(primaryAddress(topology, 0)).toBe(a.server.address);
    expect(topology.servers[0]).toMatchObject({
      announced: { host: '172.30.0.9', port: 7_000, hostname: 'node-a' },
      redirectNames: ['172.30.0.9:7000', 'node-a:7000'],
    });
  });

  describe('a host name that gets another address', () => {
    const NEW = '127.0.0.2';

    async function setUp(options: Partial<TopologyMonitorOptions>) {
      const cluster = fakeCluster();
      const a = await cluster.add(
        'a',
        '<a> 172.30.0.9:7000@1 myself,master - 0 0 1 connected 0-16383',
      );
      const { port } = a.server;
      const dns = { address: '127.0.0.1' };
      const watched = watch([a.server.address], {
        addressMap: new AddressMap([`172.30.0.9:7000=here:${port}`]),
        resolver: new NameResolver(options.clock ?? SYSTEM_CLOCK, async () => [dns.address]),
        ...options,
      });
      return { ...watched, dns, port };
    }

    test('is looked up again when a connection is lost', async () => {
      const { monitor, until, dns, port } = await setUp({});
      await until(() => true);
      dns.address = NEW;
      monitor.requestRefresh({ kind: 'link-lost', detail: 'test' });
      await until((topology) => primaryAddress(topology, 0) === `${NEW}:${port}`);
    });

    test('is looked up every 30 s, whatever happens', async () => {
      const clock = new FakeClock();
      const { monitor, dns, port } = await setUp({ clock });
      const address = () => monitor.topology && primaryAddress(monitor.topology, 0);
      const until = (wanted: string) =>
        waitFor(wanted, async () => {
          await clock.advance(1_000);
          return address() === wanted;
        });
      await until(`127.0.0.1:${port}`);
      const foundAtMs = clock.nowMs();
      dns.address = NEW;
      await until(`${NEW}:${port}`);
      const tookMs = clock.nowMs() - foundAtMs;
      expect(tookMs).toBeGreaterThan(20_000);
    });
  });

  test('a primary whose name has no address leaves its slots without a server', async () => {
    const cluster = fakeCluster();
    const a = await cluster.add('a', pair('a', '0-8000', '8001-16383'));
    a.nodes = a.nodes.replace('{b}', 'nowhere.invalid:7000');
    const { lines, until } = watch([a.server.address], {
      resolver: new NameResolver(SYSTEM_CLOCK, () => Promise.reject(new Error('no'))),
    });
    const topology = await until(() => true);
    expect(topology.shards[1]).toEqual({ primary: null, replicas: [] });
    expect(lines.some(({ message }) => message.includes('nowhere.invalid'))).toBe(true);
  });
});

describe('reads for the proxy itself', () => {
  test('execute reaches the named node or any primary', async () => {
    const { a, b } = await startPair(fakeCluster());
    const { monitor, until } = watch([a.server.address]);
    await expect(monitor.execute('any-primary', ['PING'])).rejects.toMatchObject({
      code: 'topology_missing',
    });
    await until(() => true);
    await monitor.execute(fakeNodeId('b'), ['INFO', 'server']);
    expect(b.server.received).toContainEqual(['INFO', 'server']);
    expect(await monitor.execute('any-primary', ['PING'])).toMatchObject({ kind: 'string' });
    await expect(monitor.execute(fakeNodeId('q'), ['PING'])).rejects.toMatchObject({
      code: 'node_unknown',
    });
  });

  test('COMMAND is asked of two primaries; one that fails is skipped', async () => {
    const { a, b } = await startPair(fakeCluster());
    const { monitor, until } = watch([a.server.address]);
    await until(() => true);
    expect(await monitor.fetchCommands()).toHaveLength(2);
    await b.server.stop();
    expect(await monitor.fetchCommands()).toHaveLength(1);
    await a.server.stop();
    await expect(monitor.fetchCommands()).rejects.toMatchObject({ name: 'ProxyError' });
  });
});
