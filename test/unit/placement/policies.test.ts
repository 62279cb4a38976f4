import { describe, expect, test } from 'vitest';
import { listeningNodes, type NodeState, type ProxyPolicy } from '../../../src/placement/index.js';
import { topologyOf } from '../../support/topology.js';
import { NODES, SETTINGS, spec, TOPOLOGY_TEXT, up } from './support.js';

const TOPOLOGY = topologyOf(TOPOLOGY_TEXT);

interface Case {
  readonly nodes?: readonly NodeState[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly text?: string | null;
}

function listening(policy: ProxyPolicy, { nodes, text, ...lists }: Case = {}): string {
  const topology = text === null ? null : text === undefined ? TOPOLOGY : topologyOf(text);
  const settings = { ...SETTINGS, policy, ...lists };
  return listeningNodes(settings, nodes ?? up(...NODES), topology).join(' ');
}

function without(...down: readonly string[]): readonly NodeState[] {
  return NODES.map((node) => ({ spec: node, isUp: !down.includes(node.id) }));
}

describe('single', () => {
  test.each<readonly [string, Case, string]>([
    ['the first', {}, 'n1'],
    ['that is up', { nodes: without('n1') }, 'n2'],
    ['wherever the primaries are', { nodes: up(...[...NODES].reverse()) }, 'n3'],
    ['without a topology, the first', { text: null }, 'n1'],
    ['not an excluded one', { exclude: ['n1'] }, 'n2'],
    ['one beside the included', { include: ['n1'] }, 'n1 n2'],
    [
      'the included alone, if there is no other',
      { include: ['n3'], nodes: without('n1', 'n2') },
      'n3',
    ],
    ['nobody, if nobody is up', { nodes: without('n1', 'n2', 'n3') }, ''],
  ])('%s', (_, given, expected) => {
    expect(listening('single', given)).toBe(expected);
  });
});

describe('all-master-shards', () => {
  test.each<readonly [string, Case, string]>([
    ['the nodes with primaries', {}, 'n1 n2'],
    ['those that are up', { nodes: without('n1') }, 'n2'],
    ['all that are left, if no primary is on them', { nodes: without('n1', 'n2') }, 'n3'],
    [
      'all, where the servers are elsewhere',
      { nodes: up(spec('x', '9.9.9.9'), spec('y', '::9')) },
      'x y',
    ],
    ['all without a topology', { text: null }, 'n1 n2 n3'],
    ['and the included', { include: ['n3'] }, 'n1 n2 n3'],
    ['but not the excluded', { exclude: ['n2'] }, 'n1'],
    ['excluding all hosts leaves the others', { exclude: ['n1', 'n2'] }, 'n3'],
    [
      'an included node that is down does not listen',
      { include: ['n3'], nodes: without('n3') },
      'n1 n2',
    ],
    [
      'an address is the same in all its spellings',
      {
        nodes: up(spec('v6', 'FD00:0:0::1'), spec('other', 'fd00::2')),
        text: '<a> fd00::1:7000@1 myself,master - 0 0 1 connected 0-16383',
      },
      'v6',
    ],
    [
      'an empty primary is nothing to listen for',
      {
        text:
          '<a> 10.0.0.1:1@1 myself,master - 0 0 1 connected 0-16383\n' +
          '<b> 10.0.0.2:1@1 master - 0 0 1 connected',
      },
      'n1',
    ],
  ])('%s', (_, given, expected) => {
    expect(listening('all-master-shards', given)).toBe(expected);
  });
});

describe('all-nodes', () => {
  test.each<readonly [string, Case, string]>([
    ['all', {}, 'n1 n2 n3'],
    ['that are up', { nodes: without('n2') }, 'n1 n3'],
    ['and not excluded', { exclude: ['n2', 'n3'] }, 'n1'],
  ])('%s', (_, given, expected) => {
    expect(listening('all-nodes', given)).toBe(expected);
  });
});
