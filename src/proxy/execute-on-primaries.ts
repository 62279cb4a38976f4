import type { CommandArguments, RespReply } from '../resp/index.js';
import { primariesOf, type TopologyMonitor } from '../topology/index.js';

/**
 * Runs a command of the proxy itself on every primary that owns slots.
 * @throws ProxyError if one of them cannot be asked.
 */
export function executeOnPrimaries(
  monitor: Pick<TopologyMonitor, 'topology' | 'execute'>,
  args: CommandArguments,
): Promise<readonly RespReply[]> {
  const { topology } = monitor;
  const primaries = topology === null ? [] : primariesOf(topology);
  return Promise.all(primaries.map(({ nodeId }) => monitor.execute(nodeId, args)));
}
