import { buildTopology, type LocatedNode } from '../../src/topology/build-topology.js';
import { parseClusterNodes } from '../../src/topology/cluster-nodes.js';
import type { FetchedView } from '../../src/topology/fetch-view.js';
import type { ClusterTopology } from '../../src/topology/index.js';
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
