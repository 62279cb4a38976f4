import { describe, expect, test } from 'vitest';
import {
  type ClusterPicture,
  clusterInfo,
  clusterNodes,
  clusterShards,
  clusterSlots,
  type PictureNode,
} from '../../../src/placement/index.js';
import { encodeValue } from '../../../src/resp/index.js';
import { value } from '../commands/fake-errands.js';
import { pictureNode } from './support.js';

const ME = pictureNode('me', { host: '10.0.0.9', ip: '10.0.0.9', port: 6379, configEpoch: 0 });
const A = pictureNode('a', {
  slots: [
    [200, 16_383],
    [0, 99],
  ],
  hostname: 'a.example',
});
const B = pictureNode('b', {
  host: 'b.example',
  hostname: 'b.example',
  ip: 'fd00::2',
  slots: [[100, 100]],
});
const C = pictureNode('c', {
  host: 'c.example',
  hostname: 'c.example',
  ip: '',
  slots: [[101, 199]],
});
const REPLICA = pictureNode('r', { role: 'replica', primaryId: 'a', port: 7001 });

function picture(
  nodes: readonly PictureNode[],
  more: Partial<ClusterPicture> = {},
): ClusterPicture {
  return { nodes, myself: ME, currentEpoch: 9, failedSlots: 0, ...more };
}

const ALL = picture([A, B, C, REPLICA]);

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  test('SLOTS: ranges in ascending order, and what is beside the endpoint', () => {
    expect(encodeValue(clusterSlots(ALL), protocol)).toEqual(
      encodeValue(
        value([
          [0, 99, ['10.0.0.1', 7000, 'a', { hostname: 'a.example' }], ['10.0.0.1', 7001, 'r', {}]],
          [100, 100, ['b.example', 7000, 'b', { ip: 'fd00::2' }]],
          [101, 199, ['c.example', 7000, 'c', {}]],
          [
            200,
            16_383,
            ['10.0.0.1', 7000, 'a', { hostname: 'a.example' }],
            ['10.0.0.1', 7001, 'r', {}],
          ],
        ]),
        protocol,
      ),
    );
  });

  test('SHARDS: primaries with their replicas', () => {
    const node = (id: string, more: object) => ({ id, port: 7000, ...more });
    const rest = { 'replication-offset': 0, health: 'online' };
    const shards = [
      {
        slots: [200, 16_383, 0, 99],
        nodes: [
          node('a', {
            ip: '10.0.0.1',
            endpoint: '10.0.0.1',
            hostname: 'a.example',
            role: 'master',
            ...rest,
          }),
          { id: 'r', port: 7001, ip: '10.0.0.1', endpoint: '10.0.0.1', role: 'replica', ...rest },
        ],
      },
      {
        slots: [100, 100],
        nodes: [
          node('b', {
            ip: 'fd00::2',
            endpoint: 'b.example',
            hostname: 'b.example',
            role: 'master',
            ...rest,
          }),
        ],
      },
      {
        slots: [101, 199],
        nodes: [
          node('c', {
            ip: 'c.example',
            endpoint: 'c.example',
            hostname: 'c.example',
            role: 'master',
            ...rest,
          }),
        ],
      },
    ];
    expect(encodeValue(clusterShards(ALL), protocol)).toEqual(encodeValue(value(shards), protocol));
  });
});

test('a replica that failed is left out of SLOTS, and shown as such in SHARDS', () => {
  const nodes = [A, { ...REPLICA, health: 'failed' as const }];
  expect(encodeValue(clusterSlots(picture(nodes)), 2).toString()).not.toContain('7001');
  expect(encodeValue(clusterShards(picture(nodes)), 2).toString()).toContain('\r\nfail\r\n');
});

test('NODES: one line per node, first the proxy if it is none of them', () => {
  const suspected = { ...REPLICA, health: 'suspected' as const, isConnected: false };
  expect(clusterNodes(picture([A, B, C, suspected]))).toBe(
    [
      'me 10.0.0.9:6379@16379 myself,master - 0 0 0 connected',
      'a 10.0.0.1:7000@17000,a.example master - 0 0 1 connected 200-16383 0-99',
      'b fd00::2:7000@17000,b.example master - 0 0 1 connected 100',
      'c c.example:7000@17000 master - 0 0 1 connected 101-199',
      'r 10.0.0.1:7001@17001 slave,fail? a 0 0 1 disconnected',
      '',
    ].join('\n'),
  );
});

test('NODES: the proxy among others', () => {
  const failed = pictureNode('f', { health: 'failed', port: 60_000 });
  expect(clusterNodes(picture([failed, ME]))).toBe(
    'f 10.0.0.1:60000@0 master,fail - 0 0 1 connected\nme 10.0.0.9:6379@16379 myself,master - 0 0 0 connected\n',
  );
});

describe('INFO', () => {
  const fieldsOf = (given: ClusterPicture) =>
    Object.fromEntries(
      clusterInfo(given)
        .split('\r\n')
        .filter((line) => line !== '')
        .map((line) => line.split(':')),
    );

  test('of a healthy cluster', () => {
    expect(fieldsOf(ALL)).toEqual({
      cluster_state: 'ok',
      cluster_slots_assigned: '16384',
      cluster_slots_ok: '16384',
      cluster_slots_pfail: '0',
      cluster_slots_fail: '0',
      cluster_known_nodes: '5',
      cluster_size: '3',
      cluster_current_epoch: '9',
      cluster_my_epoch: '0',
      cluster_stats_messages_sent: '0',
      cluster_stats_messages_received: '0',
      total_cluster_links_buffer_limit_exceeded: '0',
    });
  });

  test('of one with a failed and a suspected primary, and of one with a hole', () => {
    const sick = picture([A, { ...B, health: 'failed' }, { ...C, health: 'suspected' }], {
      failedSlots: 1,
    });
    expect(fieldsOf(sick)).toMatchObject({
      cluster_state: 'fail',
      cluster_slots_ok: '16284',
      cluster_slots_pfail: '99',
      cluster_slots_fail: '1',
    });
    expect(fieldsOf(picture([A]))).toMatchObject({
      cluster_state: 'fail',
      cluster_slots_assigned: '16284',
      cluster_slots_ok: '16284',
    });
  });
});
