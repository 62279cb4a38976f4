import { type ClusterTopology, primariesOf } from '../topology/index.js';
import { isHostedBy } from './hosts.js';
import { primariesPerNode } from './policies.js';
import type { NodeSpec, PlacementSettings } from './types.js';

/** A node whose endpoint does not fit where the shards are. */
export interface Unbalanced {
  /** Id of the node. */
  readonly node: string;
  /** False: it should listen, and does not. */
  readonly listens: boolean;
  /** Primaries on the node. */
  readonly localShards: number;
  /** Primaries of the database. */
  readonly totalShards: number;
}

/**
 * The nodes that are unbalanced, in the order of `nodes`:
 * - `all-nodes`: those that do not listen;
 * - `single`: the one that listens, if no primary is on it (`sparse`), or not all are (`dense`);
 * - `all-master-shards`: those that listen without a primary, and all that listen if there are
 *   primaries where nobody listens.
 *
 * Where no server runs on any of the nodes, nothing can be unbalanced.
 *
 * Source: Redis Software documentation, "rladmin verify".
 * @param listening Ids.
 */
export function unbalanced(
  { policy, shardsPlacement }: Pick<PlacementSettings, 'policy' | 'shardsPlacement'>,
  nodes: readonly NodeSpec[],
  topology: ClusterTopology,
  listening: readonly string[],
): readonly Unbalanced[] {
  if (!topology.servers.some((server) => nodes.some((node) => isHostedBy(server, node)))) {
    return [];
  }
  const counts = primariesPerNode(nodes, topology);
  const totalShards = primariesOf(topology).length;
  const rows = nodes.map(({ id }, index): Unbalanced => {
    const localShards = counts[index] ?? 0;
    return { node: id, listens: listening.includes(id), localShards, totalShards };
  });
  if (policy === 'all-nodes') {
    return rows.filter(({ listens }) => !listens);
  }
  const endpoints = rows.filter(({ listens }) => listens);
  const covered = endpoints.reduce((sum, { localShards }) => sum + localShards, 0);
  const mustCoverAll = policy === 'all-master-shards' || shardsPlacement === 'dense';
  return endpoints.filter(
    ({ localShards }) =>
      (mustCoverAll && covered < totalShards) ||
      (localShards === 0 && (policy === 'all-master-shards' || shardsPlacement === 'sparse')),
  );
}
