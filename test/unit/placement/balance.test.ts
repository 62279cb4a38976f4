import { expect, test } from 'vitest';
import {
  type ProxyPolicy,
  type ShardsPlacement,
  unbalanced,
} from '../../../src/placement/index.js';
import { topologyOf } from '../../support/topology.js';
import { NODES, spec, TOPOLOGY_TEXT } from './support.js';

/** Two primaries on n1, one on n2, none on n3. */
const SPREAD = topologyOf(TOPOLOGY_TEXT);
const ON_N1 = topologyOf(
  '<a> 10.0.0.1:1@1 myself,master - 0 0 1 connected 0-99\n<b> 10.0.0.1:2@1 master - 0 0 2 connected 100-16383',
);

type Case = readonly [
  policy: ProxyPolicy,
  placement: ShardsPlacement,
  listening: string,
  spread: string,
  onN1: string,
];

test.each<Case>([
  ['all-nodes', 'sparse', 'n1 n2 n3', '', ''],
  ['all-nodes', 'dense', 'n1 n3', 'n2', 'n2'],
  ['single', 'sparse', 'n1', '', ''],
  ['single', 'sparse', 'n2', '', 'n2'],
  ['single', 'sparse', 'n3', 'n3', 'n3'],
  ['single', 'dense', 'n1', 'n1', ''],
  ['single', 'dense', 'n2', 'n2', 'n2'],
  ['all-master-shards', 'sparse', 'n1 n2', '', 'n2'],
  ['all-master-shards', 'sparse', 'n1 n2 n3', 'n3', 'n2 n3'],
  ['all-master-shards', 'dense', 'n1', 'n1', ''],
  ['all-master-shards', 'dense', 'n2 n3', 'n2 n3', 'n2 n3'],
])('%s, %s, on %s', (policy, shardsPlacement, listening, ...expected) => {
  const found = [SPREAD, ON_N1].map((topology) =>
    unbalanced({ policy, shardsPlacement }, NODES, topology, listening.split(' '))
      .map(({ node }) => node)
      .join(' '),
  );
  expect(found).toEqual(expected);
});

test('what is told of a node', () => {
  const settings = { policy: 'all-master-shards', shardsPlacement: 'sparse' } as const;
  expect(unbalanced(settings, NODES, SPREAD, ['n1', 'n2', 'n3'])).toEqual([
    { node: 'n3', listens: true, localShards: 0, totalShards: 3 },
  ]);
});

test('servers that run on none of the nodes cannot be unbalanced', () => {
  const settings = { policy: 'single', shardsPlacement: 'dense' } as const;
  expect(unbalanced(settings, [spec('x', '9.9.9.9')], SPREAD, ['x'])).toEqual([]);
});
