import { ProxyError } from '../errors/index.js';
import { formatEndpoint, formatHostPort, openSocket } from '../shards/index.js';
import type { FetchedView } from './fetch-view.js';
import { primariesOf } from './primaries.js';
import type { ClusterTopology, ServerNode } from './types.js';

const PROBE_TIMEOUT_MS = 2_000;

/** A primary that the cluster names but the proxy cannot connect to. */
export interface UnreachableServer {
  readonly nodeId: string;
  /** As announced, `host:port`. */
  readonly announced: string;
  /** What happened, and the `--map` flag to add. */
  readonly message: string;
}

/** Connects to each primary that owns slots, once, to find out whether its address means anything here. */
export async function probePrimaries(
  topology: ClusterTopology,
  views: readonly FetchedView[],
): Promise<readonly UnreachableServer[]> {
  const results = await Promise.all(primariesOf(topology).map((server) => probe(server, views)));
  return results.filter((result) => result !== null);
}

async function probe(
  server: ServerNode,
  views: readonly FetchedView[],
): Promise<UnreachableServer | null> {
  try {
    const socket = await openSocket(server.address, PROBE_TIMEOUT_MS);
    socket.destroy();
    return null;
  } catch (error) {
    if (!(error instanceof ProxyError)) {
      throw error;
    }
    const announced = formatHostPort(server.announced.host, server.announced.port);
    return { nodeId: server.nodeId, announced, message: describe(server, announced, error, views) };
  }
}

function describe(
  server: ServerNode,
  announced: string,
  error: ProxyError,
  views: readonly FetchedView[],
): string {
  const address = formatEndpoint(server.address);
  const where = address === announced ? announced : `${announced} (here ${address})`;
  const own = views.find((view) => view.nodeId === server.nodeId);
  const any = own ?? views[0];
  const answered = any === undefined ? '' : `${any.source} answers, but `;
  const reachable = own === undefined ? 'HOST:PORT' : own.source;
  const hint = own === undefined ? ', with the address at which the proxy reaches that server' : '';
  return (
    `${answered}the primary that the cluster announces as ${where} cannot be reached ` +
    `(${error.message}): if it runs, add --map ${announced}=${reachable}${hint}`
  );
}
