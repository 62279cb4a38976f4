import { ProxyError } from '../errors/index.js';
import { type ControlConnection, type Endpoint, formatEndpoint } from '../shards/index.js';
import { type NodeLine, parseClusterNodes } from './cluster-nodes.js';
import { callForText } from './control-call.js';
import type { ClusterView } from './views.js';

/** A view together with what was learned about the member that gave it. */
export interface FetchedView extends ClusterView {
  readonly endpoint: Endpoint;
  /** The IP address at which it was reached; null on a unix socket. */
  readonly remoteHost: string | null;
  readonly nodeId: string;
  /** Whether its redirects and CLUSTER SLOTS name servers by host name. */
  readonly prefersHostnames: boolean;
}

/** @throws ProxyError, with a message fit for the user. */
export async function fetchView(
  connection: ControlConnection,
  timeoutMs: number,
): Promise<FetchedView> {
  const [info, text] = await Promise.all([
    callForText(connection, ['CLUSTER', 'INFO'], timeoutMs),
    callForText(connection, ['CLUSTER', 'NODES'], timeoutMs),
  ]);
  const nodes = parseClusterNodes(text);
  const source = formatEndpoint(connection.endpoint);
  const myself = nodes.find((node) => node.isMyself);
  if (myself === undefined) {
    throw new ProxyError('reply_invalid', `${source}: CLUSTER NODES has no line for itself`);
  }
  return {
    source,
    endpoint: connection.endpoint,
    remoteHost: connection.remoteHost,
    nodeId: myself.nodeId,
    currentEpoch: Number(clusterInfoField(info, 'cluster_current_epoch')),
    nodes,
    prefersHostnames: await namesItself(connection, myself, nodes, timeoutMs),
  };
}

/** The value of one `name:value` line of CLUSTER INFO. @throws ProxyError `reply_invalid`. */
export function clusterInfoField(info: string, name: string): string {
  const value = new RegExp(`^${name}:([^\r\n]*)`, 'm').exec(info)?.[1];
  if (value === undefined) {
    throw new ProxyError('reply_invalid', `CLUSTER INFO has no field ${name}`);
  }
  return value;
}

/**
 * Whether `cluster-preferred-endpoint-type` is `hostname`: then CLUSTER SLOTS, which any user who may
 * read the topology may call, names servers by their host names.
 */
async function namesItself(
  connection: ControlConnection,
  myself: NodeLine,
  nodes: readonly NodeLine[],
  timeoutMs: number,
): Promise<boolean> {
  const hostnames = new Set(nodes.flatMap((node) => node.hostname ?? []));
  if (hostnames.size === 0 || myself.hostname === null) {
    return false;
  }
  const reply = await connection.call(['CLUSTER', 'SLOTS'], { timeoutMs });
  const ranges = reply.kind === 'array' ? reply.items : [];
  return ranges.some((range) => {
    const primary = range.kind === 'array' ? range.items[2] : undefined;
    const endpoint = primary?.kind === 'array' ? primary.items[0] : undefined;
    return endpoint?.kind === 'string' && hostnames.has(endpoint.bytes.toString());
  });
}
