import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseClusterNodes } from '../../../src/topology/cluster-nodes.js';
import { type ClusterView, type KnownCluster, mergeViews } from '../../../src/topology/views.js';
import { fakeNodeId } from '../../support/fake-cluster.js';

interface Line {
  readonly id: string;
  readonly flags?: string;
  readonly of?: string;
  readonly epoch?: number;
  readonly up?: boolean;
  readonly slots?: string;
}

function view(myself: string, lines: readonly Line[], currentEpoch = 1): ClusterView {
  const text = lines.map(({ id, flags = 'master', of, epoch = 1, up = true, slots = '' }) => {
    const all = id === myself ? `myself,${flags}` : flags;
    const primary = of === undefined ? '-' : fakeNodeId(of);
    const link = up ? 'connected' : 'disconnected';
    return `${fakeNodeId(id)} ${id}:1@2 ${all} ${primary} 0 0 ${epoch} ${link} ${slots}`;
  });
  return { source: myself, currentEpoch, nodes: parseClusterNodes(text.join('\n')) };
}

function known(ids: readonly string[], owners = ids): KnownCluster {
  return { nodeIds: new Set(ids.map(fakeNodeId)), slotOwnerIds: new Set(owners.map(fakeNodeId)) };
}

const THIRDS: readonly Line[] = [
  { id: 'a', epoch: 1, slots: '0-5000' },
  { id: 'b', epoch: 2, slots: '5001-10000' },
  { id: 'c', epoch: 3, slots: '10001-16383' },
];

function without(id: string, lines = THIRDS): readonly Line[] {
  return lines.map((line) =>
    line.id === id ? { ...line, up: false, flags: 'master,fail' } : line,
  );
}

/** After b's replica r took over at epoch 4. */
const FAILED_OVER: readonly Line[] = [
  ...without('b').map((line) => (line.id === 'b' ? { ...line, slots: '' } : line)),
  { id: 'r', epoch: 4, slots: '5001-10000' },
];

describe('slot owners', () => {
  test('the highest config epoch among complete views wins', () => {
    const old = view('a', THIRDS, 3);
    const fresh = view('c', FAILED_OVER, 4);
    const merged = mergeViews([old, fresh], known(['a', 'b', 'c']));
    expect(merged.isComplete).toBe(true);
    expect(merged.slotOwners[5001]).toBe(fakeNodeId('r'));
    expect(merged.slotOwners[0]).toBe(fakeNodeId('a'));
    expect(merged.currentEpoch).toBe(4);
  });

  test('an incomplete view has no say beside a complete one, whatever its epoch', () => {
    const isolated = view('b', [
      { id: 'b', epoch: 99, slots: '0-16383' },
      { id: 'a', up: false },
      { id: 'c', up: false },
    ]);
    const merged = mergeViews([isolated, view('a', THIRDS)], known(['a', 'b', 'c']));
    expect(merged.isComplete).toBe(true);
    expect(merged.slotOwners[0]).toBe(fakeNodeId('a'));
  });

  test('alone, an incomplete view is used and marked', () => {
    const merged = mergeViews([view('a', without('b', without('c')))], known(['a', 'b', 'c']));
    expect(merged.isComplete).toBe(false);
    expect(merged.slotOwners[0]).toBe(fakeNodeId('a'));
  });

  test('two of three primaries in sight are enough, one of two is not', () => {
    expect(mergeViews([view('a', without('b'))], known(['a', 'b', 'c'])).isComplete).toBe(true);
    const two = [{ id: 'a' }, { id: 'b', up: false }];
    expect(mergeViews([view('a', two)], known(['a', 'b'])).isComplete).toBe(false);
  });

  test('slots without an owner stay null; at equal epochs the owner itself is believed', () => {
    const lines = (a: string, b: string): Line[] => [
      { id: 'a', slots: a },
      { id: 'b', slots: b },
    ];
    const merged = mergeViews(
      [view('a', lines('0-10', '11-20')), view('b', lines('0-9', '10-20'))],
      null,
    );
    expect(merged.slotOwners[21]).toBeNull();
    expect(merged.slotOwners[10]).toBe(fakeNodeId('a'));
  });

  test('the order of the answers never matters', () => {
    const line = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      epoch: fc.integer({ min: 1, max: 3 }),
      up: fc.boolean(),
      flags: fc.constantFrom('master', 'master,fail', 'master,fail?', 'slave'),
      slots: fc.constantFrom('', '0-9', '5-20', '7'),
    });
    const lines = fc.uniqueArray(line, { selector: (l) => l.id, minLength: 1 });
    const views = fc
      .array(lines, { minLength: 1, maxLength: 5 })
      .map((all) =>
        all.map((some) => view('a', [...some.filter((l) => l.id !== 'a'), { id: 'a' }])),
      );
    fc.assert(
      fc.property(views, fc.boolean(), (all, isKnown) => {
        const before = isKnown ? known(['a', 'b', 'c']) : null;
        const one = mergeViews(all, before);
        const other = mergeViews([...all].reverse(), before);
        expect(other.slotOwners).toEqual(one.slotOwners);
        expect(other.isComplete).toBe(one.isComplete);
        expect(other.nodes.map((n) => [n.nodeId, n.flags])).toEqual(
          one.nodes.map((n) => [n.nodeId, n.flags]),
        );
      }),
    );
  });
});

describe('nodes', () => {
  test('who owns slots is a primary; its health is what most others say', () => {
    const views = ['a', 'c'].map((id) => view(id, without('b')));
    const b = mergeViews(views, null).nodes.find((node) => node.nodeId === fakeNodeId('b'));
    expect(b).toMatchObject({ role: 'primary', flags: ['fail'], linkConnected: false });
  });

  test('one of two witnesses is no majority, and a suspicion is pfail', () => {
    const one = mergeViews([view('a', without('b')), view('c', THIRDS)], null);
    expect(one.nodes[1]?.flags).toEqual([]);
    const suspected = THIRDS.map((l) => (l.id === 'b' ? { ...l, flags: 'master,fail?' } : l));
    expect(mergeViews([view('a', suspected)], null).nodes[1]?.flags).toEqual(['pfail']);
  });

  test('a node that answered is connected even if others have lost it', () => {
    const merged = mergeViews([view('a', without('b')), view('b', THIRDS)], known(['a', 'b', 'c']));
    expect(merged.nodes[1]).toMatchObject({ linkConnected: true });
  });

  test('a replica is found through the newest line about it', () => {
    const lines = (of: string, epoch: number): Line[] => [
      ...THIRDS,
      { id: 'r', flags: 'slave', of, epoch },
    ];
    const merged = mergeViews([view('a', lines('b', 2)), view('b', lines('c', 3))], null);
    const replica = merged.nodes.find((node) => node.nodeId === fakeNodeId('r'));
    expect(replica).toMatchObject({ role: 'replica', primaryId: fakeNodeId('c') });
  });

  test('nodes in handshake or without an address are left out', () => {
    const lines = [...THIRDS, { id: 'x', flags: 'handshake' }, { id: 'y', flags: 'slave,noaddr' }];
    expect(mergeViews([view('a', lines)], null).nodes).toHaveLength(3);
  });
});

describe('another cluster', () => {
  const other = view('x', [
    { id: 'x', epoch: 50, slots: '0-8000' },
    { id: 'y', epoch: 51, slots: '8001-16383' },
  ]);

  test('beside ours it is ignored and named, whichever answers first', () => {
    for (const views of [
      [other, view('a', THIRDS)],
      [view('a', THIRDS), other],
    ]) {
      const merged = mergeViews(views, known(['a', 'b', 'c']));
      expect(merged.foreignSources).toEqual(['x']);
      expect(merged.isReplaced).toBe(false);
      expect(merged.slotOwners[0]).toBe(fakeNodeId('a'));
    }
  });

  test('at the start the first seed decides', () => {
    expect(mergeViews([other, view('a', THIRDS)], null).slotOwners[0]).toBe(fakeNodeId('x'));
    expect(mergeViews([view('a', THIRDS), other], null).slotOwners[0]).toBe(fakeNodeId('a'));
  });

  test('if nothing of ours answers it has replaced ours, also with lower epochs', () => {
    const lower = view('x', [{ id: 'x', epoch: 0, slots: '0-16383' }], 0);
    const merged = mergeViews([lower], known(['a', 'b', 'c']));
    expect(merged).toMatchObject({ isReplaced: true, isComplete: true, currentEpoch: 0 });
  });

  test('a cluster that lost a minority of its nodes is still the same', () => {
    const merged = mergeViews([view('a', THIRDS)], known(['a', 'b', 'c', 'd', 'e']));
    expect(merged.isReplaced).toBe(false);
  });
});
