import type { ControlConnection } from '../shards/index.js';
import { callForText } from './control-call.js';
import { clusterInfoField } from './fetch-view.js';

/** What of CLUSTER INFO, if it changes, is worth a look at the whole topology. */
const WATCHED_FIELDS = [
  'cluster_current_epoch',
  'cluster_state',
  'cluster_known_nodes',
  'cluster_size',
  'cluster_slots_ok',
];
/** Of a line of CLUSTER NODES: when the node was last heard of, and whether there is a connection. */
const VOLATILE_COLUMNS: ReadonlySet<number> = new Set([4, 5, 7]);

/** A short text that changes with most changes of a cluster; the slots of a primary are not in it. */
export async function stateOfCluster(
  connection: ControlConnection,
  timeoutMs: number,
): Promise<string> {
  const info = await callForText(connection, ['CLUSTER', 'INFO'], timeoutMs);
  return WATCHED_FIELDS.map((name) => clusterInfoField(info, name)).join(' ');
}

/**
 * A text that changes with every change of roles, addresses and slots. A slot that moves to the node
 * with the greatest epoch changes nothing in CLUSTER INFO, so the servers' own table is compared.
 */
export async function tableOfCluster(
  connection: ControlConnection,
  timeoutMs: number,
): Promise<string> {
  const nodes = await callForText(connection, ['CLUSTER', 'NODES'], timeoutMs);
  const lines = nodes.trimEnd().split('\n').map(lastingPart);
  return lines.sort().join('\n');
}

function lastingPart(line: string): string {
  const columns = line.split(' ').filter((_, index) => !VOLATILE_COLUMNS.has(index));
  return columns.join(' ').replace('myself,', '');
}
