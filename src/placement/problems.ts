import { DEFAULT_CLIENTS } from '../config/nodes.js';
import { isWildcard } from './hosts.js';
import type { Mode, NodeSpec, PlacementSettings } from './types.js';

/** Source of the codes: the REST API reference of Redis Software, "BDB requests", error codes. */
export type PlacementProblemCode = 'invalid_oss_cluster_configuration' | 'invalid_proxy_policy';

/** Why a database cannot be placed, or shown, as its settings say. */
export interface PlacementProblem {
  readonly code: PlacementProblemCode;
  /** What is wrong and what to do about it. */
  readonly message: string;
}

/** What a database is placed on and made of. */
export interface Circumstances {
  readonly nodes: readonly NodeSpec[];
  /** Names of modules of its servers that cannot be used in mode `cluster`. */
  readonly refusingModules?: readonly string[];
}

/** Everything that is wrong with the settings of a database; empty if nothing is. */
export function placementProblems(
  settings: PlacementSettings,
  circumstances: Circumstances,
): readonly PlacementProblem[] {
  const { nodes } = circumstances;
  const inMode = settings.mode === 'cluster' ? clusterProblems(settings, circumstances) : [];
  return [
    ...policyProblems(settings, nodes).map((message) => problem('invalid_proxy_policy', message)),
    ...inMode.map((message) => problem('invalid_oss_cluster_configuration', message)),
  ];
}

/** The same in each of several modes, as where listeners have modes of their own. */
export function problemsInModes(
  settings: PlacementSettings,
  modes: readonly Mode[],
  circumstances: Circumstances,
): readonly PlacementProblem[] {
  const all = [...new Set([settings.mode, ...modes])].flatMap((mode) =>
    placementProblems({ ...settings, mode }, circumstances),
  );
  return all.filter(
    ({ message }, index) => all.findIndex((other) => other.message === message) === index,
  );
}

function problem(code: PlacementProblemCode, message: string): PlacementProblem {
  return { code, message };
}

function policyProblems(
  { include, exclude }: PlacementSettings,
  nodes: readonly NodeSpec[],
): readonly string[] {
  if (nodes.length === 0) {
    return ['the database has no node to listen on: name one in `nodes`'];
  }
  const ids = nodes.map(({ id }) => id);
  const strange = [...new Set([...include, ...exclude])].filter((id) => !ids.includes(id));
  const contradictory = include.filter((id) => exclude.includes(id));
  return [
    ...strange.map((id) => `there is no node '${id}'; nodes are ${ids.join(', ')}`),
    ...contradictory.map((id) => `node '${id}' is both included and excluded: choose one`),
    ...(ids.every((id) => exclude.includes(id))
      ? ['all nodes are excluded: leave one to listen on']
      : []),
  ];
}

/** In mode `cluster`, where clients connect to each node by the address that they are shown. */
function clusterProblems(
  settings: PlacementSettings,
  { nodes, refusingModules = [] }: Circumstances,
): readonly string[] {
  const { policy, include, exclude } = settings;
  return [
    ...(policy === 'single'
      ? ['mode cluster needs the policy all-master-shards or all-nodes, not single']
      : []),
    ...(include.length + exclude.length > 0
      ? ['mode cluster cannot be combined with included or excluded nodes: empty both lists']
      : []),
    ...refusingModules.map(
      (name) => `the servers have the module '${name}', which cannot be used in mode cluster`,
    ),
    ...nodes.flatMap((node) => addressProblems(node, settings, nodes.length)),
  ];
}

function addressProblems(
  node: NodeSpec,
  { preferredIpType, preferredEndpointType }: PlacementSettings,
  nodeCount: number,
): readonly string[] {
  const { id, address, externalAddresses, externalHostname, hostname, clientAddresses } = node;
  if (clientAddresses.some(({ clients }) => clients === DEFAULT_CLIENTS)) {
    return [];
  }
  const isExternal = preferredIpType === 'external';
  const name = isExternal ? externalHostname : hostname;
  if (preferredEndpointType === 'hostname') {
    return name === null
      ? [`node '${id}' has no ${preferredIpType} host name, which clients are to be shown`]
      : [];
  }
  if (isExternal) {
    return externalAddresses.length === 0
      ? [`node '${id}' has no external address, which clients are to be shown`]
      : [];
  }
  return nodeCount > 1 && isWildcard(address)
    ? [`node '${id}' has the address ${address}, to which nobody can connect: name a real one`]
    : [];
}

/** What is allowed, and works worse than it could. */
export function placementWarnings({ mode, shardsPlacement }: PlacementSettings): readonly string[] {
  return mode === 'cluster' && shardsPlacement === 'dense'
    ? ['mode cluster with dense shards: most requests meet few nodes; sparse spreads them']
    : [];
}
