import { createHash } from 'node:crypto';
import { type ClusterTopology, type ServerNode, SLOT_COUNT } from '../topology/index.js';
import { isHostedBy } from './hosts.js';
import { rangesByOwner } from './ranges.js';
import type { NodeSpec } from './types.js';

/** In `slotOwners`: no node listens. */
export const NO_NODE = 0xffff;

/**
 * Which node serves each slot in mode `cluster`: the one that hosts the slot's primary if it listens,
 * else one of the listening nodes; nodes may have one address, and then host the same. Which one that
 * is follows from the ids of primary and nodes alone, so all processes agree, and it changes for few
 * primaries when a node comes or goes. All slots of a primary have the same node; slots that nobody
 * owns share one.
 * @param listening Ids, as from `listeningNodes`.
 * @returns Length 16384: index into `nodes`, or `NO_NODE` if nobody listens.
 */
export function slotOwners(
  topology: ClusterTopology,
  nodes: readonly NodeSpec[],
  listening: readonly string[],
): Uint16Array {
  const doors = nodes.filter(({ id }) => listening.includes(id));
  const indexOf = (server: ServerNode | undefined) => {
    const node = nodeFor(server, doors);
    return node === undefined ? NO_NODE : nodes.indexOf(node);
  };
  const ofShards = topology.shards.map(({ primary }) =>
    indexOf(primary === null ? undefined : topology.servers[primary]),
  );
  const ofNobody = indexOf(undefined);
  return Uint16Array.from(
    { length: SLOT_COUNT },
    (_, slot) => ofShards[topology.slotToShard[slot] ?? -1] ?? ofNobody,
  );
}

/**
 * The primaries whose slots each node serves.
 * @returns For each of the indexes into `nodes` that `owners` names.
 */
export function primariesBehind(
  topology: ClusterTopology,
  owners: Uint16Array,
): ReadonlyMap<number, readonly ServerNode[]> {
  const behind = new Map<number, ServerNode[]>();
  const ranges = rangesByOwner(topology.slotToShard);
  topology.shards.forEach(({ primary }, shard) => {
    const server = primary === null ? undefined : topology.servers[primary];
    const [[firstSlot] = [-1]] = ranges.get(shard) ?? [];
    const node = owners[firstSlot];
    if (server !== undefined && node !== undefined) {
      behind.set(node, [...(behind.get(node) ?? []), server]);
    }
  });
  return behind;
}

function nodeFor(
  primary: ServerNode | undefined,
  doors: readonly NodeSpec[],
): NodeSpec | undefined {
  const hosts = doors.filter((node) => primary !== undefined && isHostedBy(primary, node));
  const candidates = hosts.length > 0 ? hosts : doors;
  const ranked = candidates.map((node) => ({ node, rank: rankOf(primary?.nodeId ?? '', node.id) }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))[0]?.node;
}

/** Highest random weight: each primary has its own order of preference among all nodes. */
function rankOf(primaryId: string, nodeId: string): string {
  return createHash('sha1').update(`${primaryId} ${nodeId}`).digest('hex');
}
