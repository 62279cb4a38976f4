import { type ClusterTopology, SLOT_COUNT } from '../topology/index.js';
import { portOn, shownAddress } from './addresses.js';
import { shownNodeId } from './ids.js';
import { countSlots, rangesByOwner } from './ranges.js';
import { primariesBehind } from './slot-owners.js';
import type { ClusterPicture, NodeSpec, PictureNode, PlacementSettings } from './types.js';
import type { Viewer } from './viewers.js';

export interface ProxyPictureInput {
  /** Name of the database. */
  readonly database: string;
  /** The database's port, where nodes have none of their own. */
  readonly port: number;
  readonly nodes: readonly NodeSpec[];
  /** Ids of the nodes that listen. */
  readonly listening: readonly string[];
  /** From `slotOwners`. */
  readonly owners: Uint16Array;
  /** The node that answers: an index into `nodes`. */
  readonly self: number;
  readonly settings: Pick<PlacementSettings, 'preferredIpType' | 'preferredEndpointType'>;
  readonly topology: ClusterTopology;
  readonly viewer: Viewer;
}

/**
 * What clients see in mode `cluster`: every node that listens is a primary, without replicas. Its
 * epoch is the highest of the primaries behind it, so that it grows when slots change hands. A node
 * that answers though it listens no more is shown to its own clients, without slots.
 */
export function proxyPicture(input: ProxyPictureInput): ClusterPicture {
  const { nodes, listening, owners, topology } = input;
  const ranges = rangesByOwner(owners);
  const behind = primariesBehind(topology, owners);
  const shown = nodes.map((node, index) => ({
    ...proxyWithoutSlots(input, node),
    configEpoch: Math.max(0, ...(behind.get(index) ?? []).map(({ configEpoch }) => configEpoch)),
    slots: ranges.get(index) ?? [],
  }));
  const myself = shown[input.self];
  if (myself === undefined) {
    throw new Error(`there is no node ${input.self} among ${nodes.length}`);
  }
  return {
    nodes: shown.filter((_, index) => listening.includes(nodes[index]?.id ?? '')),
    myself,
    currentEpoch: topology.currentEpoch,
    failedSlots: failedSlots(topology),
  };
}

/** The proxy's own line where clients are shown servers: a primary without slots. */
export function proxyWithoutSlots(
  input: Pick<ProxyPictureInput, 'database' | 'port' | 'settings' | 'viewer'>,
  node: NodeSpec,
): PictureNode {
  return {
    ...shownAddress(node, input.settings, input.viewer),
    id: shownNodeId(input.database, node.id),
    port: portOn(node, input.port),
    role: 'primary',
    primaryId: null,
    health: 'online',
    isConnected: true,
    configEpoch: 0,
    slots: [],
  };
}

function failedSlots({ shards, servers, slotToShard }: ClusterTopology): number {
  const served = [...rangesByOwner(slotToShard)].filter(([shard]) => {
    const primary = shards[shard]?.primary ?? null;
    return primary !== null && servers[primary]?.flags.includes('fail') === false;
  });
  return SLOT_COUNT - served.reduce((sum, [, slots]) => sum + countSlots({ slots }), 0);
}
