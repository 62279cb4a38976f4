import { ProxyError } from '../errors/index.js';
import { ControlConnection, type LoginSecret, NO_CREDENTIALS } from '../shards/index.js';
import type { TopologyMonitor } from '../topology/index.js';

const ATTEMPTS_MAX = 3;

/**
 * Tries a client's secret at the servers of the cluster, one after the other until one answers.
 * The proxy's own credentials play no part in it.
 * @returns The server's refusal without its dash, or null if it let the user in.
 * @throws ProxyError if no server could be asked.
 */
export async function tryLogin(
  monitor: TopologyMonitor,
  { username, password }: LoginSecret,
  connectTimeoutMs: number,
): Promise<string | null> {
  const { servers = [] } = monitor.topology ?? {};
  const healthy = servers.filter(({ flags, role }) => flags.length === 0 && role === 'primary');
  let failure = new ProxyError('topology_missing', 'no server of the cluster is known to be up');
  for (const { address: endpoint } of healthy.slice(0, ATTEMPTS_MAX)) {
    try {
      const connection = await ControlConnection.open({
        endpoint,
        credentials: NO_CREDENTIALS,
        connectTimeoutMs,
      });
      const words = username === undefined ? [password] : [username, password];
      try {
        const answer = await connection.call(['AUTH', ...words]);
        return answer.kind === 'error' ? answer.message : null;
      } finally {
        connection.close();
      }
    } catch (error) {
      if (!(error instanceof ProxyError)) {
        throw error;
      }
      failure = error;
    }
  }
  throw failure;
}
