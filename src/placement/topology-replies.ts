import type { RespValue } from '../resp/index.js';
import type { ClusterPicture, PictureNode } from './types.js';

/**
 * CLUSTER SLOTS: `[first, last, primary, replica…]` for each range, in ascending order; a node is
 * `[host, port, id, {ip or hostname, whichever `host` is not}]`. Replicas that failed are left out.
 */
export function clusterSlots({ nodes }: ClusterPicture): RespValue {
  const ranges = nodes.flatMap((node) => node.slots.map((range) => ({ node, range })));
  ranges.sort((a, b) => a.range[0] - b.range[0]);
  return array(
    ranges.map(({ node, range }) => {
      const replicas = replicasOf(nodes, node).filter(({ health }) => health !== 'failed');
      return array([...range.map(integer), ...[node, ...replicas].map(slotsNode)]);
    }),
  );
}

/** CLUSTER SHARDS: `{slots: [first, last…], nodes: [{id, port, ip, …}]}` for each primary. */
export function clusterShards({ nodes }: ClusterPicture): RespValue {
  const primaries = nodes.filter(({ role }) => role === 'primary');
  return array(
    primaries.map((primary) =>
      map([
        ['slots', array(primary.slots.flat().map(integer))],
        ['nodes', array([primary, ...replicasOf(nodes, primary)].map(shardsNode))],
      ]),
    ),
  );
}

export function replicasOf(
  nodes: readonly PictureNode[],
  { id }: Pick<PictureNode, 'id'>,
): readonly PictureNode[] {
  return nodes.filter(({ primaryId }) => primaryId === id);
}

function slotsNode({ host, port, id, ip, hostname }: PictureNode): RespValue {
  return array([
    bulk(host),
    integer(port),
    bulk(id),
    map([
      ...(ip !== '' && ip !== host ? [['ip', bulk(ip)] as const] : []),
      ...(hostname !== null && hostname !== host ? [['hostname', bulk(hostname)] as const] : []),
    ]),
  ]);
}

/**
 * Replication offsets change all the time, and the proxy does not know them. `fail` is what servers
 * say; their documentation says `failed`.
 */
function shardsNode({ id, port, ip, host, hostname, role, health }: PictureNode): RespValue {
  return map([
    ['id', bulk(id)],
    ['port', integer(port)],
    ['ip', bulk(ip === '' ? host : ip)],
    ['endpoint', bulk(host)],
    ...(hostname === null ? [] : [['hostname', bulk(hostname)] as const]),
    ['role', bulk(role === 'primary' ? 'master' : 'replica')],
    ['replication-offset', integer(0)],
    ['health', bulk(health === 'failed' ? 'fail' : 'online')],
  ]);
}

function array(items: readonly RespValue[]): RespValue {
  return { kind: 'array', items };
}

function map(fields: readonly (readonly [name: string, value: RespValue])[]): RespValue {
  return { kind: 'map', entries: fields.map(([name, value]) => [bulk(name), value] as const) };
}

function bulk(text: string): RespValue {
  return { kind: 'bulk', bytes: Buffer.from(text) };
}

function integer(value: number): RespValue {
  return { kind: 'integer', value: BigInt(value) };
}
