import type { ClusterTopology, ServerNode } from './types.js';

/** The primaries that own slots, in the order of their first slots; without those whose address is unknown. */
export function primariesOf({ shards, servers }: ClusterTopology): readonly ServerNode[] {
  return shards.flatMap(({ primary }) => (primary === null ? [] : (servers[primary] ?? [])));
}
