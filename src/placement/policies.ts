import { type ClusterTopology, primariesOf } from '../topology/index.js';
import { isHostedBy } from './hosts.js';
import type { NodeSpec, NodeState, PlacementSettings } from './types.js';

/**
 * On which nodes a database's port is to be open, as ids in the order of `nodes`:
 * - `single`: one node. It stays while it is up; a new one is that with most primaries.
 * - `all-master-shards`: the nodes that host a primary; if none does, all nodes.
 * - `all-nodes`: all.
 *
 * Nodes that are down or excluded never listen, included ones always do, as far as they are up. The
 * policy chooses among the nodes that are left, so it is never without a node as long as one is left.
 * @param previous Ids of the nodes that listen now. Several processes that decide for one database
 * only agree on `single` if they give the same ids, or none.
 */
export function listeningNodes(
  settings: Pick<PlacementSettings, 'policy' | 'include' | 'exclude'>,
  nodes: readonly NodeState[],
  topology: ClusterTopology | null,
  previous: readonly string[],
): readonly string[] {
  const eligible = nodes
    .filter(({ spec, isUp }) => isUp && !settings.exclude.includes(spec.id))
    .map(({ spec }) => spec);
  const chosen = chosenByPolicy(settings, eligible, topology, previous);
  return eligible
    .filter((node) => chosen.includes(node) || settings.include.includes(node.id))
    .map(({ id }) => id);
}

function chosenByPolicy(
  { policy, include }: Pick<PlacementSettings, 'policy' | 'include'>,
  nodes: readonly NodeSpec[],
  topology: ClusterTopology | null,
  previous: readonly string[],
): readonly NodeSpec[] {
  const counts = primariesPerNode(nodes, topology);
  switch (policy) {
    case 'single':
      return chooseSingle(nodes, counts, include, previous);
    case 'all-master-shards': {
      const hosts = nodes.filter((_, i) => counts[i] !== 0);
      return hosts.length > 0 ? hosts : nodes;
    }
    case 'all-nodes':
      return nodes;
  }
}

/** How many primaries with slots each node hosts. */
export function primariesPerNode(
  nodes: readonly NodeSpec[],
  topology: ClusterTopology | null,
): readonly number[] {
  const primaries = topology === null ? [] : primariesOf(topology);
  return nodes.map((node) => primaries.filter((server) => isHostedBy(server, node)).length);
}

/** Included nodes listen anyway, so the policy's own choice is another one if there is one. */
function chooseSingle(
  nodes: readonly NodeSpec[],
  counts: readonly number[],
  include: readonly string[],
  previous: readonly string[],
): readonly NodeSpec[] {
  const others = nodes.filter(({ id }) => !include.includes(id));
  const free = others.length > 0 ? others : nodes;
  const listening = free.filter(({ id }) => previous.includes(id));
  const candidates = listening.length > 0 ? listening : free;
  const countOf = (node: NodeSpec) => counts[nodes.indexOf(node)] ?? 0;
  const most = Math.max(...candidates.map(countOf));
  return candidates.filter((node) => countOf(node) === most).slice(0, 1);
}
