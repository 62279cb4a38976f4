import { describe, expect, test } from 'vitest';
import {
  NO_NODE,
  primariesBehind,
  rangesByOwner,
  slotOwners,
} from '../../../src/placement/index.js';
import { SLOT_COUNT } from '../../../src/topology/index.js';
import { fakeNodeId } from '../../support/fake-cluster.js';
import { topologyOf } from '../../support/topology.js';
import { NODES, spec, TOPOLOGY_TEXT } from './support.js';

const TOPOLOGY = topologyOf(TOPOLOGY_TEXT);
const IDS = NODES.map(({ id }) => id);

describe('who serves a slot', () => {
  test('the node beside the primary', () => {
    expect([...rangesByOwner(slotOwners(TOPOLOGY, NODES, IDS))]).toEqual([
      [0, [[0, 10_922]]],
      [1, [[10_923, 16_383]]],
    ]);
  });

  test('if that does not listen, another, the same for all slots of a primary', () => {
    const owners = slotOwners(TOPOLOGY, NODES, ['n2', 'n3']);
    expect(new Set(owners).has(0)).toBe(false);
    expect(owners[0]).toBe(owners[5_460]);
    expect(owners[100]).toBe(owners[10_922]);
    expect(owners[16_383]).toBe(1);
  });

  test('nobody, if nobody listens', () => {
    expect(new Set(slotOwners(TOPOLOGY, NODES, []))).toEqual(new Set([NO_NODE]));
  });

  test('slots that nobody owns have a node, too', () => {
    const topology = topologyOf('<a> 10.0.0.1:1@1 myself,master - 0 0 1 connected 5-16383');
    const owners = slotOwners(topology, NODES, IDS);
    expect(owners).toHaveLength(SLOT_COUNT);
    expect(new Set(owners.subarray(0, 5)).size).toBe(1);
    expect([...owners].every((owner) => owner < NODES.length)).toBe(true);
  });

  test('where servers are on no node, a node that leaves moves only its own primaries', () => {
    const lines = Array.from(
      { length: 60 },
      (_, i) =>
        `<p${i}> 9.9.9.9:${i + 1}@1 ${i === 0 ? 'myself,' : ''}master - 0 0 1 connected ${i * 10}-${i * 10 + 9}`,
    );
    const topology = topologyOf(lines.join('\n'));
    const nodes = [...NODES, spec('n4', '10.0.0.4')];
    const all = slotOwners(topology, nodes, [...IDS, 'n4']);
    const less = slotOwners(topology, nodes, IDS);
    const used = Array.from({ length: 60 }, (_, i) => i * 10);
    const moved = used.filter((slot) => all[slot] !== less[slot]);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every((slot) => all[slot] === 3)).toBe(true);
    expect(new Set(used.map((slot) => all[slot])).size).toBe(4);
  });

  test('nodes of one address share the primaries there', () => {
    const nodes = ['x', 'y', 'z'].map((id) => spec(id, '10.0.0.1'));
    const owners = slotOwners(TOPOLOGY, [...nodes, spec('n2', '10.0.0.2')], ['x', 'y', 'z', 'n2']);
    expect(owners[16_383]).toBe(3);
    expect(Math.max(...owners.subarray(0, 10_923))).toBeLessThan(3);
    expect(owners[0]).toBe(owners[5_460]);
    expect(owners[0]).not.toBe(owners[100]);
  });

  test('in whatever order the nodes are named', () => {
    const reversed = [...NODES].reverse();
    const owners = slotOwners(TOPOLOGY, NODES, ['n2', 'n3']);
    const other = slotOwners(TOPOLOGY, reversed, ['n2', 'n3']);
    expect([0, 100, 16_383].map((slot) => NODES[owners[slot] ?? -1]?.id)).toEqual(
      [0, 100, 16_383].map((slot) => reversed[other[slot] ?? -1]?.id),
    );
  });
});

test('the primaries behind each node', () => {
  const behind = primariesBehind(TOPOLOGY, slotOwners(TOPOLOGY, NODES, IDS));
  const ids = [...behind].map(([node, servers]) => [node, servers.map(({ nodeId }) => nodeId)]);
  expect(ids).toEqual([
    [0, ['a', 'b'].map(fakeNodeId)],
    [1, [fakeNodeId('c')]],
  ]);
});

test('ranges', () => {
  expect([...rangesByOwner(Uint16Array.from([7, 7, 2, 7, 2]))]).toEqual([
    [
      7,
      [
        [0, 1],
        [3, 3],
      ],
    ],
    [
      2,
      [
        [2, 2],
        [4, 4],
      ],
    ],
  ]);
});
