import { describe, expect, test } from 'vitest';
import {
  type NodeSpec,
  type PlacementSettings,
  placementProblems,
  placementWarnings,
} from '../../../src/placement/index.js';
import { NODES, SETTINGS, spec } from './support.js';

const CLUSTER = 'invalid_oss_cluster_configuration';
const POLICY = 'invalid_proxy_policy';

type Refused = readonly [
  settings: Partial<PlacementSettings>,
  code: string,
  message: string,
  nodes: readonly NodeSpec[],
];
type Allowed = readonly [Partial<PlacementSettings>, readonly NodeSpec[]];

function problemsOf(settings: Partial<PlacementSettings>, nodes: readonly NodeSpec[]) {
  return placementProblems({ ...SETTINGS, ...settings }, { nodes });
}

describe('refused', () => {
  test.each<Refused>([
    [{ policy: 'single' }, CLUSTER, 'all-master-shards or all-nodes', NODES],
    [{ include: ['n1'] }, CLUSTER, 'included or excluded', NODES],
    [{ exclude: ['n1'] }, CLUSTER, 'included or excluded', NODES],
    [{ preferredIpType: 'external' }, CLUSTER, "'n1' has no external address", NODES.slice(0, 1)],
    [{ preferredEndpointType: 'hostname' }, CLUSTER, 'no internal host name', NODES.slice(0, 1)],
    [
      { preferredEndpointType: 'hostname', preferredIpType: 'external' },
      CLUSTER,
      'no external host name',
      [spec('n1', '10.0.0.1', { hostname: 'a' })],
    ],
    [{}, CLUSTER, 'nobody can connect', [spec('a', '0.0.0.0'), spec('b', '10.0.0.2')]],
    [{ mode: 'standalone', include: ['x'] }, POLICY, "no node 'x'; nodes are n1, n2, n3", NODES],
    [{ mode: 'auto', exclude: ['x'] }, POLICY, "no node 'x'", NODES],
    [
      { mode: 'standalone', include: ['n1'], exclude: ['n1'] },
      POLICY,
      'both included and excluded',
      NODES,
    ],
    [{ mode: 'direct', exclude: ['n1', 'n2', 'n3'] }, POLICY, 'all nodes are excluded', NODES],
    [{}, POLICY, 'no node to listen on', []],
  ])('%j: %s, %s', (settings, code, message, nodes) => {
    const problems = problemsOf(settings, nodes);
    expect(problems).toEqual([{ code, message: expect.stringContaining(message) }]);
  });

  test('everything at once, each with its reason', () => {
    const problems = problemsOf({ policy: 'single', include: ['x'], exclude: ['n1'] }, NODES);
    expect(problems.map(({ code }) => code)).toEqual([POLICY, CLUSTER, CLUSTER]);
  });
});

describe('a module that cannot be used in mode cluster', () => {
  const circumstances = { nodes: NODES, refusingModules: ['timeseries'] };

  test('refuses it', () => {
    const message = expect.stringContaining("'timeseries'");
    expect(placementProblems(SETTINGS, circumstances)).toEqual([{ code: CLUSTER, message }]);
  });

  test('and no other mode', () => {
    const problems = (['standalone', 'direct', 'auto'] as const).flatMap((mode) =>
      placementProblems({ ...SETTINGS, mode }, circumstances),
    );
    expect(problems).toEqual([]);
  });
});

describe('allowed', () => {
  const everything: Partial<PlacementSettings> = {
    policy: 'single',
    include: ['n2'],
    exclude: ['n1'],
    preferredIpType: 'external',
    preferredEndpointType: 'hostname',
  };
  test.each<Allowed>([
    [{}, NODES],
    [{ policy: 'all-nodes' }, NODES],
    [{ ...everything, mode: 'standalone' }, NODES],
    [{ ...everything, mode: 'direct' }, NODES],
    [{ ...everything, mode: 'auto' }, NODES],
    [{}, [spec('a', '0.0.0.0')]],
    [{ mode: 'standalone' }, [spec('a', '0.0.0.0'), spec('b', '::')]],
    [
      { preferredIpType: 'external', preferredEndpointType: 'hostname' },
      [spec('a', '::', { clientAddresses: [{ clients: 'default', address: 'a.example' }] })],
    ],
  ])('%j', (settings, nodes) => {
    expect(problemsOf(settings, nodes)).toEqual([]);
  });
});

test('dense shards behind proxies that are shown as a cluster are warned of', () => {
  expect(placementWarnings({ ...SETTINGS, shardsPlacement: 'dense' })).toHaveLength(1);
  expect(placementWarnings(SETTINGS)).toEqual([]);
  expect(placementWarnings({ ...SETTINGS, mode: 'standalone', shardsPlacement: 'dense' })).toEqual(
    [],
  );
});
