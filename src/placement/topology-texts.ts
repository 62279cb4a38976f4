import { SLOT_COUNT } from '../topology/index.js';
import { countSlots } from './ranges.js';
import type { ClusterPicture, PictureNode } from './types.js';

/** Servers' bus port, if nothing else is configured, is this much above their port. */
const BUS_PORT_OFFSET = 10_000;
const PORT_MAX = 65_535;

/**
 * CLUSTER NODES. The proxy's line has the flag `myself`, also where clients are shown servers; times
 * are 0, and open slots are never shown: clients have nothing to do about them.
 */
export function clusterNodes(picture: ClusterPicture): string {
  const lines = [...withMyself(picture)].map((node) => nodeLine(node, picture.myself.id));
  return lines.map((line) => `${line}\n`).join('');
}

/** The line of CLUSTER NODES, without its end. @param myselfId Id of the proxy that answers. */
export function nodeLine(node: PictureNode, myselfId: string): string {
  const { id, host, port, ip, hostname, primaryId, configEpoch } = node;
  const bus = port + BUS_PORT_OFFSET;
  const address = `${ip === '' ? host : ip}:${port}@${bus > PORT_MAX ? 0 : bus}`;
  return [
    id,
    hostname === null || ip === '' ? address : `${address},${hostname}`,
    flagsOf(node, myselfId),
    primaryId ?? '-',
    '0 0',
    configEpoch,
    node.isConnected ? 'connected' : 'disconnected',
    ...node.slots.map(([first, last]) => (first === last ? first : `${first}-${last}`)),
  ].join(' ');
}

/** CLUSTER INFO: the fields that servers always show. There is no bus, so no messages. */
export function clusterInfo(picture: ClusterPicture): string {
  const { nodes, myself, currentEpoch, failedSlots } = picture;
  const assigned = nodes.reduce((sum, node) => sum + countSlots(node), 0);
  const suspected = nodes
    .filter(({ health }) => health === 'suspected')
    .reduce((sum, node) => sum + countSlots(node), 0);
  const isOk = assigned === SLOT_COUNT && failedSlots === 0;
  const fields = {
    cluster_state: isOk ? 'ok' : 'fail',
    cluster_slots_assigned: assigned,
    cluster_slots_ok: assigned - suspected - failedSlots,
    cluster_slots_pfail: suspected,
    cluster_slots_fail: failedSlots,
    cluster_known_nodes: withMyself(picture).length,
    cluster_size: nodes.filter(({ slots }) => slots.length > 0).length,
    cluster_current_epoch: currentEpoch,
    cluster_my_epoch: myself.configEpoch,
    cluster_stats_messages_sent: 0,
    cluster_stats_messages_received: 0,
    total_cluster_links_buffer_limit_exceeded: 0,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}\r\n`);
  return lines.join('');
}

function withMyself({ nodes, myself }: ClusterPicture): readonly PictureNode[] {
  return nodes.some(({ id }) => id === myself.id) ? nodes : [myself, ...nodes];
}

function flagsOf({ id, role, health }: PictureNode, myselfId: string): string {
  const flags = [role === 'primary' ? 'master' : 'slave'];
  if (id === myselfId) {
    flags.unshift('myself');
  }
  if (health !== 'online') {
    flags.push(health === 'failed' ? 'fail' : 'fail?');
  }
  return flags.join(',');
}
