import { ProxyError } from '../errors/index.js';
import { type Endpoint, formatHostPort } from '../shards/index.js';
import type { AddressMap } from './address-map.js';
import type { FetchedView } from './fetch-view.js';
import type { NameResolver } from './resolver.js';
import {
  type ClusterTopology,
  type OpenSlot,
  type ServerNode,
  type Shard,
  SLOT_COUNT,
  UNASSIGNED,
} from './types.js';
import type { MergedNode, MergedViews } from './views.js';

export interface LocatedNode {
  readonly node: MergedNode;
  /** The host that redirects name; the one that was dialled where the node announced none. */
  readonly host: string;
  readonly address: Endpoint;
}

export interface LocateOptions {
  readonly addressMap: AddressMap;
  readonly resolver: NameResolver;
  /** The views of this refresh: they tell where members were reached and what they prefer. */
  readonly views: readonly FetchedView[];
  /** Told of each node that cannot be located; it is left out. */
  readonly onUnresolved: (error: ProxyError) => void;
}

/** Finds the address of every node: announced, then mapped, then resolved. */
export async function locateNodes(
  nodes: readonly MergedNode[],
  options: LocateOptions,
): Promise<readonly LocatedNode[]> {
  const located = await Promise.all(nodes.map((node) => locate(node, options)));
  return located.filter((entry) => entry !== null);
}

async function locate(node: MergedNode, options: LocateOptions): Promise<LocatedNode | null> {
  const reached = options.views.find((view) => view.nodeId === node.nodeId);
  const host = node.host === '' ? (reached?.remoteHost ?? '') : node.host;
  const names = [host, node.hostname ?? ''].filter((name) => name !== '');
  const prefersHostnames = options.views.some((view) => view.prefersHostnames);
  const announced = node.hostname !== null && prefersHostnames ? node.hostname : host;
  const unmapped: Endpoint | undefined =
    node.host === '' ? reached?.endpoint : { kind: 'tcp', host: announced, port: node.port };
  const endpoint = options.addressMap.lookup(names, node.port) ?? unmapped;
  if (endpoint === undefined) {
    // Nobody knows its address: it never told one, and it was not among those that answered us.
    return null;
  }
  if (endpoint.kind === 'unix') {
    return { node, host, address: endpoint };
  }
  try {
    const address = await options.resolver.resolve(endpoint.host);
    return { node, host, address: { ...endpoint, host: address } };
  } catch (error) {
    if (!(error instanceof ProxyError)) {
      throw error;
    }
    options.onUnresolved(error);
    return null;
  }
}

export interface TopologyStamps {
  readonly version: number;
  readonly refreshStartedAtMs: number;
  readonly nodeTimeoutMs: number | null;
}

/** Puts an accepted picture into the form that is published. */
export function buildTopology(
  merged: MergedViews,
  located: readonly LocatedNode[],
  openSlots: readonly OpenSlot[],
  stamps: TopologyStamps,
): ClusterTopology {
  const names = redirectNames(located);
  const owners = new Set(merged.slotOwners);
  const servers = located.map((entry): ServerNode => {
    const { node, host, address } = entry;
    return {
      nodeId: node.nodeId,
      address,
      announced: { host, port: node.port, hostname: node.hostname },
      redirectNames: names.get(node.nodeId) ?? [],
      role: node.role,
      flags: node.flags,
      linkConnected: node.linkConnected,
      configEpoch: node.configEpoch,
      hasSlots: owners.has(node.nodeId),
    };
  });
  const { shards, slotToShard } = buildShards(merged, located);
  return { ...stamps, currentEpoch: merged.currentEpoch, shards, servers, slotToShard, openSlots };
}

function buildShards(
  merged: MergedViews,
  located: readonly LocatedNode[],
): { readonly shards: readonly Shard[]; readonly slotToShard: Uint16Array } {
  const ownerIds = [...new Set(merged.slotOwners)].filter((id) => id !== null);
  const shardOf = new Map(ownerIds.map((id, index) => [id, index]));
  const slotToShard = new Uint16Array(SLOT_COUNT).fill(UNASSIGNED);
  merged.slotOwners.forEach((id, slot) => {
    slotToShard[slot] = id === null ? UNASSIGNED : (shardOf.get(id) ?? UNASSIGNED);
  });
  const serverOf = new Map(located.map(({ node }, index) => [node.nodeId, index]));
  const shards = ownerIds.map((ownerId) => ({
    primary: serverOf.get(ownerId) ?? null,
    replicas: located.flatMap(({ node }, index) =>
      node.role === 'replica' && node.primaryId === ownerId ? [index] : [],
    ),
  }));
  return { shards, slotToShard };
}

/** A text that could mean two servers, as when all announce one address, means neither. */
function redirectNames(located: readonly LocatedNode[]): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, number>();
  const byNode = new Map<string, readonly string[]>();
  for (const { node, host } of located) {
    const hosts = [host, node.hostname ?? ''].filter((name) => name !== '');
    // Servers write IPv6 without brackets in a redirect; some clients and proxies write them with.
    const texts = hosts.flatMap((h) => [`${h}:${node.port}`, formatHostPort(h, node.port)]);
    const distinct = [...new Set(texts)];
    byNode.set(node.nodeId, distinct);
    for (const text of distinct) {
      uses.set(text, (uses.get(text) ?? 0) + 1);
    }
  }
  return new Map(
    [...byNode].map(([id, texts]) => [id, texts.filter((text) => uses.get(text) === 1)]),
  );
}

/**
 * The open slots: of members that were asked now, what they say; of others, what was known before,
 * unless the slot has arrived meanwhile.
 */
export function mergeOpenSlots(
  merged: MergedViews,
  views: readonly FetchedView[],
  previous: readonly OpenSlot[],
): readonly OpenSlot[] {
  const asked = new Set(views.map((view) => view.nodeId));
  const present = new Set(merged.nodes.map((node) => node.nodeId));
  const kept = previous.filter(({ slot, state, nodeId, peerNodeId }) => {
    const source = state === 'migrating' ? nodeId : peerNodeId;
    return !asked.has(nodeId) && present.has(nodeId) && merged.slotOwners[slot] === source;
  });
  const found = [...merged.openSlots, ...kept];
  return found.sort((a, b) => a.slot - b.slot || (a.nodeId < b.nodeId ? -1 : 1));
}

/** Whether two snapshots route alike: stamps, epochs and bus links do not count. */
export function isSameTopology(a: ClusterTopology, b: ClusterTopology): boolean {
  return (
    Buffer.compare(Buffer.from(a.slotToShard.buffer), Buffer.from(b.slotToShard.buffer)) === 0 &&
    materialText(a) === materialText(b)
  );
}

function materialText(topology: ClusterTopology): string {
  const servers = topology.servers.map(({ linkConnected: _l, configEpoch: _e, ...rest }) => rest);
  return JSON.stringify([topology.shards, servers, topology.openSlots, topology.nodeTimeoutMs]);
}
