import type { ShardsPlacement } from '../placement/index.js';

export interface ClusterShape {
  readonly primaries: number;
  readonly replicasPerPrimary: number;
}

/**
 * On which node each server runs: dense puts all primaries on the first node, sparse spreads them
 * evenly. A shard's replicas are never on the node of its primary, unless there is only one.
 * @returns For each server, primaries first, an index below `nodes`. Server `primaries + n` replicates
 * primary `n % primaries`.
 */
export function serverPlaces(
  { primaries, replicasPerPrimary }: ClusterShape,
  nodes: number,
  placement: ShardsPlacement,
): readonly number[] {
  const count = primaries * (1 + replicasPerPrimary);
  return Array.from({ length: count }, (_, server) => {
    const shard = server % primaries;
    const home = placement === 'dense' ? 0 : shard % nodes;
    const copy = Math.floor(server / primaries);
    const away = nodes === 1 ? 0 : 1 + ((copy - 1) % (nodes - 1));
    return copy === 0 ? home : (home + away) % nodes;
  });
}
