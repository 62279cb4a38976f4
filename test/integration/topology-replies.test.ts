import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AdvertisedAddresses,
  clusterInfo,
  clusterNodes,
  clusterShards,
  clusterSlots,
  serverPicture,
  viewerOf,
} from '../../src/placement/index.js';
import { encodeValue, type RespValue } from '../../src/resp/index.js';
import type { ClusterTopology } from '../../src/topology/index.js';
import { Connection } from '../conformance/support/connection.js';
import { FrameReader, type Reply } from '../conformance/support/reply.js';
import { TestCluster } from '../support/cluster.js';
import { type WatchedMonitor, watchMonitor } from '../support/monitor.js';
import { waitFor } from '../support/wait.js';

/** What differs by nature: offsets and times go on, and servers list what they know in any order. */
const MOVING = new Set(['replication-offset']);

let cluster: TestCluster;
let watched: WatchedMonitor;

beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1 });
  // A server shows replicas once it has heard that they replicated something.
  await Promise.all(['a', 'b', 'c'].map((key) => setAnywhere(key)));
  await waitFor('all to know that the replicas have data', async () => {
    const shards = await Promise.all(cluster.servers.map((s) => s.call('CLUSTER', 'SHARDS')));
    return !JSON.stringify(shards).includes('"loading"');
  });
  await cluster.server(0).call('CONFIG', 'SET', 'cluster-announce-hostname', 'first.example');
  await cluster.server(4).call('CONFIG', 'SET', 'cluster-announce-hostname', 'fifth.example');
  await waitFor('all to know the names', async () => {
    const texts = await Promise.all(cluster.servers.map((s) => s.text('CLUSTER', 'NODES')));
    return texts.every((text) => text.includes('first.example') && text.includes('fifth.example'));
  });
  await cluster.migrateSlot(7, 0, 1);
  await cluster.waitUntilOk();
  watched = watchMonitor(cluster.seeds);
});

afterAll(async () => {
  await watched?.monitor.stop();
  await cluster?.stop();
});

/** To whichever primary takes it. */
async function setAnywhere(key: string): Promise<void> {
  const primaries = cluster.servers.slice(0, cluster.primaryCount);
  await Promise.any(primaries.map((server) => server.call('SET', key, '1')));
}

async function pictureOf(condition: (topology: ClusterTopology) => boolean = () => true) {
  const topology = await watched.until((seen) => namesOf(seen) === 2 && condition(seen));
  return serverPicture({
    database: 'db',
    port: 6379,
    self: {
      id: 'n1',
      address: '127.0.0.1',
      externalAddresses: [],
      hostname: null,
      externalHostname: null,
      zone: null,
      clientAddresses: [],
    },
    settings: { preferredIpType: 'internal', preferredEndpointType: 'ip' },
    topology,
    viewer: viewerOf('127.0.0.1:50000', '127.0.0.1:6379'),
    advertised: new AdvertisedAddresses(),
  });
}

function namesOf({ servers }: ClusterTopology): number {
  return servers.filter(({ announced }) => announced.hostname !== null).length;
}

async function askServer(index: number, protocol: 2 | 3, ...words: readonly string[]) {
  const connection = await Connection.open(cluster.server(index).port, protocol);
  try {
    connection.send(words);
    return await connection.take('answers');
  } finally {
    connection.close();
  }
}

function read(value: RespValue, protocol: 2 | 3): Reply {
  const [frame] = new FrameReader().push(encodeValue(value, protocol));
  return frame ?? { kind: 'missing' };
}

/** With everything sorted that may come in any order, and without what moves. */
function settled(reply: Reply): unknown {
  if (reply.kind === 'array') {
    const isSlots = reply.items.every((item) => item.kind === 'array' || item.kind === 'map');
    const items = reply.items.map(settled);
    const still = items.map((item, i) =>
      MOVING.has(textOf(reply.items[i - 1])) ? 'moving' : item,
    );
    return { array: isSlots ? still.map((item) => JSON.stringify(item)).sort() : still };
  }
  if (reply.kind === 'map') {
    return {
      map: reply.entries.map(([name, value]) => [
        textOf(name),
        MOVING.has(textOf(name)) ? value.kind : settled(value),
      ]),
    };
  }
  return reply;
}

function textOf(reply: Reply | undefined): string {
  return reply !== undefined && 'text' in reply ? reply.text : '';
}

/** Lines of CLUSTER NODES without times, `myself` and the proxy's own, in order of id. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.includes(':6379@'));
  return lines
    .map((line) => {
      const words = line.replace('myself,', '').split(' ');
      return [...words.slice(0, 4), ...words.slice(6)].join(' ');
    })
    .sort();
}

describe.each([2, 3] as const)(
  'RESP%i: what a client is shown of servers is what they show',
  (protocol) => {
    test('CLUSTER SLOTS', async () => {
      const picture = await pictureOf();
      const [ours, theirs] = [
        read(clusterSlots(picture), protocol),
        await askServer(1, protocol, 'CLUSTER', 'SLOTS'),
      ];
      expect(settled(ours)).toEqual(settled(theirs));
      const order = (reply: Reply) =>
        reply.kind === 'array'
          ? reply.items.map((item) => (item.kind === 'array' ? textOf(item.items[0]) : ''))
          : [];
      expect(order(ours)).toEqual(order(theirs));
      expect(order(ours)).toContain('7');
    });

    test('CLUSTER SHARDS', async () => {
      const picture = await pictureOf();
      expect(settled(read(clusterShards(picture), protocol))).toEqual(
        settled(await askServer(2, protocol, 'CLUSTER', 'SHARDS')),
      );
    });

    test('CLUSTER NODES and INFO, in form and content', async () => {
      const picture = await pictureOf();
      const nodes = await askServer(0, protocol, 'CLUSTER', 'NODES');
      const info = await askServer(0, protocol, 'CLUSTER', 'INFO');
      expect([nodes.kind, info.kind]).toEqual(
        protocol === 3 ? ['verbatim', 'verbatim'] : ['bulk', 'bulk'],
      );
      expect(linesOf(clusterNodes(picture))).toEqual(linesOf(textOf(nodes).replace(/^txt:/, '')));
      const fields = (text: string) =>
        new Map(text.split('\r\n').flatMap((line) => (line.includes(':') ? [split(line)] : [])));
      const [ours, theirs] = [
        fields(clusterInfo(picture)),
        fields(textOf(info).replace(/^txt:/, '')),
      ];
      for (const name of [
        'state',
        'slots_assigned',
        'slots_ok',
        'slots_pfail',
        'slots_fail',
        'size',
      ]) {
        expect(ours.get(`cluster_${name}`), name).toBe(theirs.get(`cluster_${name}`));
      }
      expect(ours.get('cluster_current_epoch')).toBe(theirs.get('cluster_current_epoch'));
      // And the proxy.
      expect(ours.get('cluster_known_nodes')).toBe('7');
      const missing = [...ours.keys()].filter((name) => !theirs.has(name));
      expect(missing).toEqual([]);
    });
  },
);

test('a replica that failed', async () => {
  const replica = await cluster.replicaOf(2);
  const id = cluster.nodeId(replica);
  await cluster.kill(replica);
  watched.monitor.requestRefresh({ kind: 'manual', detail: 'test' });
  await waitFor('all to agree that it failed', async () => {
    const indexes = [...cluster.servers.keys()].filter((index) => index !== replica);
    const texts = await Promise.all(indexes.map((i) => cluster.server(i).text('CLUSTER', 'NODES')));
    return texts.every((text) => new RegExp(`^${id} \\S+ slave,fail `, 'm').test(text));
  });
  watched.monitor.requestRefresh({ kind: 'manual', detail: 'test' });
  const picture = await pictureOf(({ servers }) =>
    servers.some(({ nodeId, flags }) => nodeId === id && flags.includes('fail')),
  );
  expect(settled(read(clusterSlots(picture), 2))).toEqual(
    settled(await askServer(0, 2, 'CLUSTER', 'SLOTS')),
  );
  expect(settled(read(clusterShards(picture), 2))).toEqual(
    settled(await askServer(0, 2, 'CLUSTER', 'SHARDS')),
  );
});

function split(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1)];
}
