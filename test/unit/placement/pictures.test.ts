import { describe, expect, test } from 'vitest';
import {
  AdvertisedAddresses,
  clusterSlots,
  proxyPicture,
  serverPicture,
  shownNodeId,
  shownShardId,
  slotOwners,
  steppingAside,
  type Viewer,
} from '../../../src/placement/index.js';
import { type ClusterTopology, SLOT_COUNT } from '../../../src/topology/index.js';
import { fakeNodeId } from '../../support/fake-cluster.js';
import { topologyOf } from '../../support/topology.js';
import { NODES, SETTINGS, spec, TOPOLOGY_TEXT, viewer } from './support.js';

const TOPOLOGY = topologyOf(TOPOLOGY_TEXT);
const REMOTE = viewer('10.9.9.9');

function proxies(listening: readonly string[], self: number, topology = TOPOLOGY) {
  return proxyPicture({
    database: 'db',
    port: 6379,
    nodes: NODES,
    listening,
    owners: slotOwners(topology, NODES, listening),
    self,
    settings: SETTINGS,
    topology,
    viewer: REMOTE,
  });
}

interface Servers {
  readonly topology?: ClusterTopology;
  readonly advertise?: readonly string[];
  readonly who?: Viewer;
  readonly names?: boolean;
}

function serverInput({
  topology = TOPOLOGY,
  advertise = [],
  who = REMOTE,
  names = false,
}: Servers) {
  const preferredEndpointType = names ? ('hostname' as const) : ('ip' as const);
  return {
    database: 'db',
    port: 6379,
    self: spec('n1', '10.0.0.1'),
    settings: { ...SETTINGS, preferredEndpointType },
    topology,
    viewer: who,
    advertised: new AdvertisedAddresses(advertise),
  };
}

const servers = (given: Servers = {}) => serverPicture(serverInput(given));

describe('ids', () => {
  test('are 40 hexadecimal digits, for good, and differ by database and node', () => {
    expect(shownNodeId('db', 'n1')).toBe('3654c64b5ad10d6c345da3aad6877c52c2879ed1');
    const ids = [shownNodeId('db', 'n1'), shownNodeId('db', 'n2'), shownNodeId('other', 'n1')];
    const all = [...ids, ...ids.map(shownShardId)];
    expect(new Set(all).size).toBe(6);
    expect(all.every((id) => /^[0-9a-f]{40}$/.test(id))).toBe(true);
  });
});

describe('proxies', () => {
  test('all that listen, each with the slots of the primaries beside it', () => {
    const { nodes, myself, currentEpoch, failedSlots } = proxies(['n1', 'n2', 'n3'], 1);
    const seen = nodes.map(({ host, port, slots, configEpoch }) => [
      host,
      port,
      slots,
      configEpoch,
    ]);
    expect(seen).toEqual([
      ['10.0.0.1', 6379, [[0, 10_922]], 6],
      ['10.0.0.2', 6379, [[10_923, 16_383]], 7],
      ['10.0.0.3', 6379, [], 0],
    ]);
    expect(myself).toBe(nodes[1]);
    expect([currentEpoch, failedSlots]).toEqual([1, 0]);
    expect(nodes.every(({ role, primaryId }) => role === 'primary' && primaryId === null)).toBe(
      true,
    );
  });

  test('a node may have a port of its own', () => {
    const nodes = NODES.map((node, i) => (i === 1 ? { ...node, port: 9999 } : node));
    const { nodes: shown } = proxyPicture({
      database: 'db',
      port: 6379,
      nodes,
      listening: ['n1', 'n2'],
      owners: slotOwners(TOPOLOGY, nodes, ['n1', 'n2']),
      self: 0,
      settings: SETTINGS,
      topology: TOPOLOGY,
      viewer: REMOTE,
    });
    expect(shown.map(({ port }) => port)).toEqual([6379, 9999]);
  });

  test('one that listens no more is shown to its own clients, without slots', () => {
    const { nodes, myself } = proxies(['n1', 'n2'], 2);
    expect(nodes.map(({ id }) => id)).toEqual(['n1', 'n2'].map((id) => shownNodeId('db', id)));
    expect([myself.id, myself.slots]).toEqual([shownNodeId('db', 'n3'), []]);
  });

  test('every slot is shown, also those that nobody owns or serves', () => {
    const topology = topologyOf(
      '<a> 10.0.0.1:1@1 myself,master - 0 0 1 connected 0-99\n<b> 10.0.0.2:1@1 master,fail - 0 0 2 connected 200-16383',
    );
    const picture = proxies(['n1', 'n2', 'n3'], 0, topology);
    expect(coverage(picture)).toBe(SLOT_COUNT);
    expect(picture.failedSlots).toBe(SLOT_COUNT - 100);
  });

  test('a node that there is not cannot answer', () => {
    expect(() => proxies(['n1'], 3)).toThrow('no node 3 among 3');
  });
});

describe('servers', () => {
  test('as they are, and the proxy apart', () => {
    const { nodes, myself, failedSlots } = servers();
    expect(nodes.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'].map(fakeNodeId));
    expect(nodes[0]).toEqual({
      id: fakeNodeId('a'),
      host: '10.0.0.1',
      port: 7000,
      ip: '10.0.0.1',
      hostname: null,
      role: 'primary',
      primaryId: null,
      health: 'online',
      isConnected: true,
      configEpoch: 5,
      slots: [
        [0, 99],
        [200, 5_460],
      ],
    });
    expect(nodes[3]).toMatchObject({ role: 'replica', primaryId: fakeNodeId('a'), slots: [] });
    expect(myself).toMatchObject({ id: shownNodeId('db', 'n1'), port: 6379, slots: [] });
    expect(failedSlots).toBe(0);
  });

  test('where clients reach them', () => {
    const advertise = ['10.0.0.1:7001=redis.example:17001', '10.0.0.2=192.0.2.2 @ 10.9.0.0/16'];
    const seen = (who: Viewer) =>
      servers({ advertise, who }).nodes.map(({ host, ip, port }) => [host, ip, port]);
    const named = ['redis.example', '', 17_001];
    const first = ['10.0.0.1', '10.0.0.1', 7000];
    const last = ['10.0.0.3', '10.0.0.3', 7000];
    expect(seen(REMOTE)).toEqual([first, named, ['192.0.2.2', '192.0.2.2', 7000], last]);
    expect(seen(viewer('10.8.0.1'))).toEqual([first, named, ['10.0.0.2', '10.0.0.2', 7000], last]);
  });

  test('an entry may also name what a server announces', () => {
    const [server, ...rest] = TOPOLOGY.servers;
    if (server === undefined) {
      throw new Error('no server');
    }
    const mapped = { ...server, address: { kind: 'tcp' as const, host: '127.0.0.1', port: 1 } };
    const topology = { ...TOPOLOGY, servers: [mapped, ...rest] };
    const picture = servers({ topology, advertise: ['10.0.0.1:7000=192.0.2.1:9000'] });
    expect(picture.nodes[0]).toMatchObject({ host: '192.0.2.1', port: 9000 });
  });

  test('by name if names are preferred, else by address: never ?', () => {
    const hosts = servers({ names: true }).nodes.map(({ host, ip }) => [host, ip]);
    expect(hosts[0]).toEqual(['10.0.0.1', '10.0.0.1']);
    expect(hosts[3]).toEqual(['d.example', '10.0.0.3']);
  });

  test('a primary that failed keeps its slots', () => {
    const topology = topologyOf(TOPOLOGY_TEXT.replace('master - 0 0 7', 'master,fail - 0 0 7'));
    const picture = servers({ topology });
    expect(picture.nodes[2]).toMatchObject({ health: 'failed', slots: [[10_923, 16_383]] });
    expect([coverage(picture), picture.failedSlots]).toEqual([SLOT_COUNT, 5_461]);
  });

  test("slots of nobody are the proxy's", () => {
    const topology = topologyOf(TOPOLOGY_TEXT.replace(' 10923-16383', ' 11000-16383'));
    const picture = servers({ topology });
    expect(picture.myself.slots).toEqual([[10_923, 10_999]]);
    expect(picture.nodes).toContain(picture.myself);
    expect([coverage(picture), picture.failedSlots]).toEqual([SLOT_COUNT, 77]);
  });

  test("slots of a primary without an address are the proxy's", () => {
    const shards = TOPOLOGY.shards.map((shard, i) =>
      i === 2 ? { ...shard, primary: null } : shard,
    );
    const picture = servers({ topology: { ...TOPOLOGY, shards } });
    expect(picture.myself.slots).toEqual([[10_923, 16_383]]);
    expect(picture.nodes[2]).toMatchObject({ slots: [] });
  });

  test('so are those of a primary at a unix socket, which nobody else can be shown', () => {
    const list = TOPOLOGY.servers.map((server, i) =>
      i === 2 ? { ...server, address: { kind: 'unix' as const, path: '/run/c.sock' } } : server,
    );
    const picture = servers({ topology: { ...TOPOLOGY, servers: list } });
    expect(picture.nodes.map(({ id }) => id)).toEqual([
      ...['a', 'b', 'd'].map(fakeNodeId),
      picture.myself.id,
    ]);
    expect(coverage(picture)).toBe(SLOT_COUNT);
  });
});

describe('stepping aside', () => {
  const on = (host: string) =>
    topologyOf(`<a> ${host}:7000@1 myself,master - 0 0 1 connected 0-16383`);
  const outcome = (given: Servers & { readonly lendsItsUser?: boolean }) =>
    steppingAside({ ...serverInput(given), lendsItsUser: given.lendsItsUser ?? false });

  test.each<readonly [string, Parameters<typeof outcome>[0]]>([
    ['servers on other machines', {}],
    [
      'servers on this machine, for clients on it',
      { topology: on('127.0.0.1'), who: viewer('127.0.0.1') },
    ],
    ['servers at ::1', { topology: on('::1'), who: viewer('::1', '::1') }],
    [
      'servers on this machine that are advertised',
      { topology: on('127.0.0.1'), advertise: ['127.0.0.1=192.0.2.1'] },
    ],
  ])('works: %s', (_, given) => {
    expect(outcome(given)).toEqual({ kind: 'ok' });
  });

  test.each<readonly [string, Parameters<typeof outcome>[0], string]>([
    [
      'servers on this machine, for others',
      { topology: on('127.0.0.1') },
      '127.0.0.1:7000 can only',
    ],
    ['servers at ::1, for others', { topology: on('::1') }, '[::1]:7000 can only'],
    [
      'servers that are advertised at a loopback address',
      { advertise: ['10.0.0.0/8=127.0.0.1'] },
      'can only be reached from its own machine',
    ],
    ['a user that is lent', { lendsItsUser: true }, "proxy's own user"],
  ])('does not work: %s', (_, given, why) => {
    expect(outcome(given)).toEqual({ kind: 'refused', why: expect.stringContaining(why) });
  });

  test('does not work without a topology, or with servers at unix sockets', () => {
    const input = { ...serverInput({}), lendsItsUser: false };
    expect(steppingAside({ ...input, topology: null })).toMatchObject({ kind: 'refused' });
    const list = TOPOLOGY.servers.map((server) => ({
      ...server,
      address: { kind: 'unix' as const, path: '/run/c.sock' },
    }));
    const refused = steppingAside({ ...input, topology: { ...TOPOLOGY, servers: list } });
    expect(refused).toEqual({ kind: 'refused', why: expect.stringContaining('unix socket') });
  });
});

/** How many slots CLUSTER SLOTS covers, and that none is covered twice. */
function coverage(picture: Parameters<typeof clusterSlots>[0]): number {
  const reply = clusterSlots(picture);
  const covered = new Set<number>();
  let count = 0;
  for (const entry of reply.kind === 'array' ? reply.items : []) {
    const [first, last] = entry.kind === 'array' ? entry.items : [];
    if (first?.kind === 'integer' && last?.kind === 'integer') {
      for (let slot = Number(first.value); slot <= Number(last.value); slot++) {
        covered.add(slot);
        count++;
      }
    }
  }
  expect(covered.size).toBe(count);
  return count;
}
