import type { RespValue } from '../resp/index.js';
import type { ClusterPicture, PictureNode } from './types.js';

/**
 * CLUSTER SLOTS: `[first, last, primary, replica…]` for each range, in ascending order; a node is
 * `[host, port, id, {ip or hostname, whichever `host` is not}]`. Replicas that failed are left out.
 */
export function clusterSlots({ nodes }: ClusterPicture): RespValue {
  const ranges = nodes.flatMap((node) => node.slots.map((range) => ({ node, range })));
  ranges.sort((a, b) => a.range[0] - b.range[0]);
  const replicas = replicasByPrimary(nodes.filter(({ health }) => health !== 'failed'));
  const shown = new Map(
    nodes.map((node) => [node, [node, ...(replicas.get(node.id) ?? [])].map(slotsNode)]),
  );
  return array(
    ranges.map(({ node, range }) => array([...range.map(integer), ...(shown.get(node) ?? [])])),
  );
}

/** CLUSTER SHARDS: `{slots: [first, last…], nodes: [{id, port, ip, …}]}` for each primary. */
export function clusterShards({ nodes }: ClusterPicture): RespValue {
  const primaries = nodes.filter(({ role }) => role === 'primary');
  const replicas = replicasByPrimary(nodes);
  return array(
    primaries.map((primary) =>
      map([
        ['slots', array(primary.slots.flat().map(integer))],
        ['nodes', array([primary, ...(replicas.get(primary.id) ?? [])].map(shardsNode))],
      ]),
    ),
  );
}

/** By the id of the primary. */
export function replicasByPrimary(
  nodes: readonly PictureNode[],
): ReadonlyMap<string, readonly PictureNode[]> {
  const replicas = new Map<string, PictureNode[]>();
  for (const node of nodes) {
    if (node.primaryId !== null) {
      const known = replicas.get(node.primaryId) ?? [];
      known.push(node);
      replicas.set(node.primaryId, known);
    }
  }
  return replicas;
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
