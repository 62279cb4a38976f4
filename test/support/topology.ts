import { buildTopology, type LocatedNode } from '../../src/topology/build-topology.js';
import { parseClusterNodes } from '../../src/topology/cluster-nodes.js';
import type { FetchedView } from '../../src/topology/fetch-view.js';
import {
  type ClusterTopology,
  type ServerNode,
  SLOT_COUNT,
  UNASSIGNED,
} from '../../src/topology/index.js';
import { mergeViews } from '../../src/topology/views.js';
import { fakeNodeId } from './fake-cluster.js';

const STAMPS = { version: 1, refreshStartedAtMs: 5, nodeTimeoutMs: null };

/** What a member says. @param text CLUSTER NODES, with `<name>` for the id of node `name`. */
export function viewOf(text: string): FetchedView {
  const nodes = parseClusterNodes(text.replace(/<(\w+)>/g, (_, name: string) => fakeNodeId(name)));
  return {
    source: 'test:1',
    endpoint: { kind: 'tcp', host: 'test', port: 1 },
    remoteHost: 'test',
    nodeId: nodes.find((node) => node.isMyself)?.nodeId ?? '',
    currentEpoch: 1,
    nodes,
    prefersHostnames: false,
  };
}

/** The topology of a cluster in which every member says this, and is reached where it says. */
export function topologyOf(text: string): ClusterTopology {
  const merged = mergeViews([viewOf(text)], null);
  const located = merged.nodes.map(
    (node): LocatedNode => ({
      node,
      host: node.host,
      address: { kind: 'tcp', host: node.host, port: node.port },
    }),
  );
  return buildTopology(merged, located, merged.openSlots, STAMPS);
}

/** A primary at port 7000 of this machine, but for `changes`. */
export function serverNode(nodeId: string, changes: Partial<ServerNode> = {}): ServerNode {
  return {
    nodeId,
    address: { kind: 'tcp', host: '127.0.0.1', port: 7000 },
    announced: { host: '127.0.0.1', port: 7000, hostname: null },
    redirectNames: [],
    role: 'primary',
    flags: [],
    linkConnected: true,
    configEpoch: 1,
    hasSlots: true,
    ...changes,
  };
}

/** These servers, without a slot that is served, but for `changes`. */
export function topologyWith(
  servers: readonly ServerNode[],
  changes: Partial<ClusterTopology> = {},
): ClusterTopology {
  return {
    version: 1,
    refreshStartedAtMs: 0,
    currentEpoch: 1,
    nodeTimeoutMs: null,
    shards: [],
    servers,
    slotToShard: new Uint16Array(SLOT_COUNT).fill(UNASSIGNED),
    openSlots: [],
    ...changes,
  };
}
