import { expect, test } from 'vitest';
import { isSameTopology, mergeOpenSlots } from '../../../src/topology/build-topology.js';
import { SLOT_COUNT, UNASSIGNED } from '../../../src/topology/index.js';
import { mergeViews } from '../../../src/topology/views.js';
import { fakeNodeId } from '../../support/fake-cluster.js';
import { topologyOf, viewOf } from '../../support/topology.js';

const TWO = [
  '<a> 10.0.0.1:7000@1 myself,master - 0 0 1 connected 9000-16383',
  '<b> 10.0.0.2:7000@1 master - 0 0 2 connected 0-8999',
  '<c> 10.0.0.3:7000@1 slave <b> 0 0 2 connected',
  '<d> 10.0.0.4:7000@1 master - 0 0 0 connected',
].join('\n');

test('shards come in order of their first slot; empty primaries are servers, not shards', () => {
  const topology = topologyOf(TWO);
  const names = topology.servers.map(({ nodeId }) => nodeId);
  expect(names).toEqual(['a', 'b', 'c', 'd'].map(fakeNodeId));
  expect(topology.shards).toEqual([
    { primary: 1, replicas: [2] },
    { primary: 0, replicas: [] },
  ]);
  expect(topology.slotToShard).toHaveLength(SLOT_COUNT);
  expect([topology.slotToShard[8_999], topology.slotToShard[9_000]]).toEqual([0, 1]);
  expect(topology.servers.map(({ hasSlots }) => hasSlots)).toEqual([true, true, false, false]);
});

test('slots without an owner are unassigned', () => {
  expect(topologyOf('<a> h:1@1 myself,master - 0 0 1 connected 1').slotToShard[0]).toBe(UNASSIGNED);
});

test('a text that could mean two servers names neither', () => {
  const topology = topologyOf(
    [
      '<a> 10.0.0.1:7000@1,one myself,master - 0 0 1 connected 0-16383',
      '<b> 10.0.0.1:7000@1,two master - 0 0 2 connected',
      '<c> fd00::1:7000@1 slave <a> 0 0 2 connected',
    ].join('\n'),
  );
  expect(topology.servers.map(({ redirectNames }) => redirectNames)).toEqual([
    ['one:7000'],
    ['two:7000'],
    ['fd00::1:7000', '[fd00::1]:7000'],
  ]);
});

test('epochs and bus links are no change; owners, flags and replicas are', () => {
  const base = topologyOf(TWO);
  const same = [TWO.replace('2 connected 0-8999', '7 connected 0-8999')];
  const different = [
    TWO.replace('0-8999', '0-8998').replace('9000-', '8999-'),
    TWO.replace('<b> 10.0.0.2:7000@1 master', '<b> 10.0.0.2:7000@1 master,fail?'),
    TWO.replace('slave <b>', 'slave <a>'),
    TWO.replace('10.0.0.3:7000', '10.0.0.3:7001'),
    TWO.replace('9000-16383', '9000-16383 [9000->-<b>]'),
  ];
  expect(same.map((text) => isSameTopology(base, topologyOf(text)))).toEqual([true]);
  expect(different.map((text) => isSameTopology(base, topologyOf(text)))).toEqual(
    different.map(() => false),
  );
});

test('open slots of members that were not asked stay known until the slot has arrived', () => {
  const views = [viewOf(TWO)];
  const merged = mergeViews(views, null);
  const on = (nodeId: string, slot: number, state: 'migrating' | 'importing', peer: string) => ({
    slot,
    state,
    nodeId: fakeNodeId(nodeId),
    peerNodeId: fakeNodeId(peer),
  });
  const kept = mergeOpenSlots(merged, views, [
    on('a', 9_000, 'migrating', 'b'), // asked, and no longer says so
    on('b', 5, 'migrating', 'd'),
    on('d', 5, 'importing', 'b'),
    on('b', 9_001, 'migrating', 'a'), // arrived at a
    on('z', 7, 'migrating', 'a'), // no longer a member
  ]);
  expect(kept.map(({ slot, state }) => [slot, state])).toEqual([
    [5, 'migrating'],
    [5, 'importing'],
  ]);
});
