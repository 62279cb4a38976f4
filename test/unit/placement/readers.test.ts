import { describe, expect, test } from 'vitest';
import {
  PRIMARY_ONLY,
  type ReadersInput,
  type ReadFrom,
  type ServerFacts,
  slotReaders,
} from '../../../src/placement/index.js';
import { fakeNodeId } from '../../support/fake-cluster.js';
import { topologyOf } from '../../support/topology.js';

const WELL: ServerFacts = { linkDownMs: 0, isLoading: false, zone: null, latencyMs: null };

/** A primary with three replicas, and a primary without. */
const LINES = [
  '<a> 10.0.0.1:7000@1 myself,master - 0 0 5 connected 0-8191',
  '<b> 10.0.0.2:7000@1 slave <a> 0 0 5 connected',
  '<c> 10.0.0.3:7000@1 slave <a> 0 0 5 connected',
  '<d> 10.0.0.4:7000@1 slave <a> 0 0 5 connected',
  '<e> 10.0.0.5:7000@1 master - 0 0 6 connected 8192-16383',
];

type Facts = Readonly<Record<string, Partial<ServerFacts> | null>>;

interface Case extends Partial<Omit<ReadersInput, 'topology' | 'factsOf' | 'chosen'>> {
  readonly lines?: readonly string[];
  /** By name of the server; the others are well. */
  readonly facts?: Facts;
  readonly chosen?: readonly string[];
}

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const nameOf = (nodeId: string) => NAMES.find((name) => fakeNodeId(name) === nodeId) ?? '?';

/** Names of the servers from which the slots of `a` are read, and slots of both shards. */
function read({ lines = LINES, facts = {}, chosen = [], ...more }: Case) {
  const topology = topologyOf(lines.join('\n'));
  const readers = slotReaders({
    topology,
    readFrom: 'prefer-replica',
    zone: null,
    maxLinkDownMs: 10_000,
    ...more,
    factsOf: ({ nodeId }) => {
      const own = facts[nameOf(nodeId)];
      return own === null ? null : { ...WELL, ...own };
    },
    chosen: new Set(chosen.map(fakeNodeId)),
  });
  const namesAt = (slot: number) => {
    const set = readers.sets[readers.slotToSet[slot] ?? PRIMARY_ONLY] ?? [];
    return set.map((index) => nameOf(topology.servers[index]?.nodeId ?? '')).join('');
  };
  return { readers, namesAt, names: namesAt(0), chosen: [...readers.chosen].map(nameOf).join('') };
}

test('reads go to the replicas of a shard, and to the primary where it has none', () => {
  const { readers, namesAt } = read({});
  expect(namesAt(0)).toBe('bcd');
  expect(namesAt(8191)).toBe('bcd');
  expect(readers.slotToSet[8192]).toBe(PRIMARY_ONLY);
  expect(readers.sets).toHaveLength(1);
});

test('nothing is read from replicas unless that was asked for', () => {
  const { readers } = read({ readFrom: 'primary' });
  expect(readers.sets).toEqual([]);
  expect(readers.slotToSet).toHaveLength(0);
});

describe('a replica is left alone', () => {
  const changed = (from: RegExp, to: string) => ({
    lines: LINES.map((line) => line.replace(from, to)),
  });
  test.each<[string, Case]>([
    ['that loads', { facts: { b: { isLoading: true } } }],
    ['that does not answer', { facts: { b: null } }],
    ['that is cut off for too long', { facts: { b: { linkDownMs: 10_001 } } }],
    ['that never was connected', { facts: { b: { linkDownMs: Number.POSITIVE_INFINITY } } }],
    ['that has failed', changed(/(<b>.*) slave/, '$1 slave,fail')],
    ['that is suspected', changed(/(<b>.*) slave/, '$1 slave,fail?')],
    ['that nobody is connected to', changed(/(<b>.*) connected/, '$1 disconnected')],
  ])('%s', (_, given) => {
    expect(read(given).names).toBe('cd');
  });

  test('but not for a short interruption', () => {
    expect(read({ facts: { b: { linkDownMs: 10_000 } } }).names).toBe('bcd');
    expect(read({ facts: { b: { linkDownMs: 1 } }, maxLinkDownMs: 0 }).names).toBe('cd');
  });
});

test('replicas answer also while the primary has failed', () => {
  const lines = LINES.map((line) => line.replace('myself,master', 'master,fail'));
  expect(read({ lines }).names).toBe('bcd');
});

test('open slots are read from their primary, at both ends', () => {
  const lines = LINES.map((line) =>
    line.startsWith('<a>') ? `${line} [5->-${fakeNodeId('e')}] [9000-<-${fakeNodeId('e')}]` : line,
  );
  const { namesAt } = read({ lines });
  expect([namesAt(4), namesAt(5), namesAt(6)]).toEqual(['bcd', '', 'bcd']);
  expect(namesAt(9000)).toBe('');
});

describe('zones', () => {
  const ZONES: Facts = { a: { zone: 'x' }, b: { zone: 'x' }, c: { zone: 'y' }, d: { zone: 'y' } };
  const only = (changes: Facts): Facts => ({ ...ZONES, ...changes });
  test.each<[ReadFrom, string | null, Facts, string]>([
    ['az-affinity', 'x', ZONES, 'b'],
    ['az-affinity', 'y', ZONES, 'cd'],
    // No replica in the zone: any replica, not the near primary.
    ['az-affinity', 'x', only({ b: null }), 'cd'],
    ['az-affinity', 'z', ZONES, 'bcd'],
    ['az-affinity', null, ZONES, 'bcd'],
    ['az-affinity', 'x', { b: null, c: null, d: null }, ''],
    ['az-affinity-replicas-and-primary', 'x', ZONES, 'b'],
    ['az-affinity-replicas-and-primary', 'y', ZONES, 'cd'],
    // No replica in the zone: the primary if it is there, then any replica, then the primary.
    ['az-affinity-replicas-and-primary', 'x', only({ b: null }), ''],
    ['az-affinity-replicas-and-primary', 'z', ZONES, 'bcd'],
    ['az-affinity-replicas-and-primary', null, ZONES, 'bcd'],
    ['az-affinity-replicas-and-primary', 'z', { b: null, c: null, d: null }, ''],
    // The zone of a server that is not known is no zone, also for a proxy without one.
    ['az-affinity', null, {}, 'bcd'],
  ])('%s from zone %s, %j: "%s"', (readFrom, zone, facts, expected) => {
    expect(read({ readFrom, zone, facts }).names).toBe(expected);
  });

  test('the near primary is told apart from having no choice', () => {
    const facts = only({ b: null });
    const nearPrimary = read({ readFrom: 'az-affinity-replicas-and-primary', zone: 'x', facts });
    expect(nearPrimary.chosen).toBe('a');
    expect(read({ readFrom: 'az-affinity', zone: 'x', facts }).chosen).toBe('cd');
  });
});

describe('lowest-latency', () => {
  const latencies = (a: number, b: number, c: number): Facts => ({
    a: { latencyMs: a },
    b: { latencyMs: b },
    c: { latencyMs: c },
    d: { latencyMs: null },
    e: { latencyMs: 1 },
  });
  const nearest = (facts: Facts, chosen: readonly string[] = []) =>
    read({ readFrom: 'lowest-latency', facts, chosen });

  test('one server, the primary included', () => {
    expect(nearest(latencies(3, 2, 1)).names).toBe('c');
    expect(nearest(latencies(1, 2, 3)).names).toBe('');
    expect(nearest(latencies(1, 2, 3)).chosen).toBe('ae');
  });

  test('those that may not be read from do not count', () => {
    const facts = { ...latencies(3, 2, 1), c: { latencyMs: 1, isLoading: true } };
    expect(nearest(facts).names).toBe('b');
    expect(nearest({ ...latencies(3, 2, 1), c: null, b: null }).names).toBe('');
  });

  test('nothing measured: the primary', () => {
    expect(nearest({ a: null, b: { latencyMs: null } }).names).toBe('');
  });

  test('the nearest stays the nearest until another is clearly nearer', () => {
    expect(nearest(latencies(9, 2, 1.9), ['b']).names).toBe('b');
    expect(nearest(latencies(9, 2, 1.5), ['b']).names).toBe('c');
    // By parts it is, but not by what can be felt.
    expect(nearest(latencies(9, 0.12, 0.05), ['b']).names).toBe('b');
    expect(nearest(latencies(0.9, 1, 5), ['a']).names).toBe('');
    expect(nearest(latencies(1, 0.9, 5), ['a']).names).toBe('');
  });
});

test('a set is the same whatever the order in which servers are listed', () => {
  const turned = [...LINES].reverse();
  expect(read({ lines: turned }).names).toBe('bcd');
});
