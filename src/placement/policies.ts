import { type ClusterTopology, primariesOf } from '../topology/index.js';
import { isHostedBy } from './hosts.js';
import type { NodeSpec, NodeState, PlacementSettings, ProxyPolicy } from './types.js';

/**
 * On which nodes a database's port is to be open, as ids in the order of `nodes`:
 * - `single`: the first node;
 * - `all-master-shards`: the nodes that host a primary; if none does, all nodes;
 * - `all-nodes`: all.
 *
 * Nodes that are down or excluded never listen, included ones always do, as far as they are up. The
 * policy chooses among the nodes that are left, so it is never without a node as long as one is left.
 * What was before does not count: processes that see the same nodes choose the same.
 */
export function listeningNodes(
  { policy, include, exclude }: Pick<PlacementSettings, 'policy' | 'include' | 'exclude'>,
  nodes: readonly NodeState[],
  topology: ClusterTopology | null,
): readonly string[] {
  const eligible = nodes
    .filter(({ spec, isUp }) => isUp && !exclude.includes(spec.id))
    .map(({ spec }) => spec);
  const isIncluded = ({ id }: NodeSpec) => include.includes(id);
  const chosen = chosenByPolicy(policy, eligible, isIncluded, topology);
  return eligible.filter((node) => chosen.includes(node) || isIncluded(node)).map(({ id }) => id);
}

/** Included nodes listen anyway, so `single` is another one if there is one. */
function chosenByPolicy(
  policy: ProxyPolicy,
  nodes: readonly NodeSpec[],
  isIncluded: (node: NodeSpec) => boolean,
  topology: ClusterTopology | null,
): readonly NodeSpec[] {
  switch (policy) {
    case 'single': {
      const others = nodes.filter((node) => !isIncluded(node));
      return (others.length > 0 ? others : nodes).slice(0, 1);
    }
    case 'all-master-shards': {
      const counts = primariesPerNode(nodes, topology);
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
