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
/** Flags of CLUSTER NODES that all members agree on, sooner or later. */
const ROLE_FLAGS: readonly string[] = ['master', 'slave', 'fail'];

/** A short text that changes with most changes of a cluster; the slots of a primary are not in it. */
export async function stateOfCluster(
  connection: ControlConnection,
  timeoutMs: number,
): Promise<string> {
  const info = await callForText(connection, ['CLUSTER', 'INFO'], timeoutMs);
  return WATCHED_FIELDS.map((name) => clusterInfoField(info, name)).join(' ');
}

/**
 * A text that changes with every change of members, roles and slots, and is the same whichever
 * member is asked. A slot that moves to the node with the greatest epoch changes nothing in CLUSTER
 * INFO, so the servers' own table is compared.
 */
export async function tableOfCluster(
  connection: ControlConnection,
  timeoutMs: number,
): Promise<string> {
  const nodes = await callForText(connection, ['CLUSTER', 'NODES'], timeoutMs);
  const lines = nodes.trimEnd().split('\n').map(agreedPart);
  return lines.sort().join('\n');
}

/**
 * Id, role, primary and slots. A server may not know its own address; open slots are known to the two
 * servers concerned only.
 */
function agreedPart(line: string): string {
  const [id, , flags = '', primaryId, , , , , ...slots] = line.split(' ');
  const role = flags.split(',').filter((flag) => ROLE_FLAGS.includes(flag));
  const owned = slots.filter((range) => !range.startsWith('['));
  return [id, role.join(), primaryId, ...owned].join(' ');
}
