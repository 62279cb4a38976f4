import type { SlotRange } from '../placement/index.js';
import type {
  DatabaseStatus,
  EndpointStatus,
  NodeStatus,
  ShardStatus,
  UnbalancedEndpoint,
} from '../proxy/deployment.js';
import { STANDARD_HASHING } from './hashing.js';

/** The JSON objects of the REST interface, under the field names of its reference. */

export function nodeObject(node: NodeStatus, shards: readonly ShardStatus[]) {
  const { id, address, externalAddresses, hostname, externalHostname, zone } = node.spec;
  const own = shards.filter((shard) => shard.node === node.uid);
  return {
    uid: node.uid,
    name: id,
    addr: address,
    external_addr: externalAddresses,
    hostname,
    external_hostname: externalHostname,
    rack_id: zone,
    status: node.isUp ? 'active' : 'down',
    status_reason: node.downReason,
    shard_count: own.length,
    shard_list: own.map(({ uid }) => uid),
    is_local: node.isHosted,
  };
}

/** What a process serves, at one moment. */
export interface Snapshot {
  readonly nodes: readonly NodeStatus[];
  readonly databases: readonly DatabaseStatus[];
  readonly endpoints: readonly EndpointStatus[];
  readonly shards: readonly ShardStatus[];
}

export function databaseObject(database: DatabaseStatus, { endpoints, shards }: Snapshot) {
  const { placement } = database;
  const own = shards.filter((shard) => shard.database === database.uid);
  const preferred = {
    oss_cluster_api_preferred_ip_type: placement.preferredIpType,
    oss_cluster_api_preferred_endpoint_type: placement.preferredEndpointType,
  };
  const open = endpoints.filter((each) => each.database === database.uid && each.isChosen);
  return {
    uid: database.uid,
    name: database.name,
    type: 'redis',
    status: database.state,
    port: database.port,
    sharding: true,
    shard_key_regex: STANDARD_HASHING,
    hash_slots_policy: '16k',
    shards_count: database.primaries,
    replication: database.replicas > 0,
    shard_list: own.map(({ uid }) => uid),
    shards_placement: placement.shardsPlacement,
    oss_cluster: placement.mode === 'cluster',
    slotgate_mode: placement.mode,
    proxy_policy: placement.policy,
    ...preferred,
    endpoints: [
      {
        uid: endpointUid(database.uid),
        port: database.port,
        addr: open.flatMap(({ addresses }) => addresses),
        addr_type: placement.preferredIpType,
        proxy_policy: placement.policy,
        include_proxies: placement.include,
        exclude_proxies: placement.exclude,
        ...preferred,
      },
    ],
    conns: database.clients,
    topology_version: database.topologyVersion,
    stepping_aside: database.steppingAside,
  };
}

/** A database has one endpoint, which may be open on each node. */
export function endpointUid(database: number): string {
  return `${database}:1`;
}

export function endpointObject(endpoint: EndpointStatus) {
  return {
    uid: endpointUid(endpoint.database),
    bdb_uid: endpoint.database,
    node_uid: endpoint.node,
    addr: endpoint.addresses,
    is_chosen: endpoint.isChosen,
    state: endpoint.state,
    conns: endpoint.clients,
    problem: endpoint.problem,
  };
}

const STATUS_OF_HEALTH = { online: 'ok', suspected: 'timeout', failed: 'down' } as const;

export function shardObject(shard: ShardStatus) {
  return {
    uid: shard.uid,
    bdb_uid: shard.database,
    node_uid: shard.node,
    role: shard.role === 'primary' ? 'master' : 'slave',
    assigned_slots: shard.slots.map(rangeText).join(','),
    status: shard.health === 'failed' ? 'inactive' : 'active',
    detailed_status: STATUS_OF_HEALTH[shard.health],
    circuit: shard.circuit,
    address: shard.address,
    server_id: shard.nodeId,
  };
}

function rangeText([first, last]: SlotRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

export function unbalancedObject(row: UnbalancedEndpoint, { nodes, databases }: Snapshot) {
  const database = databases.find(({ uid }) => uid === row.database);
  return {
    node_uid: nodes.find(({ spec }) => spec.id === row.node)?.uid ?? null,
    bdb_uid: row.database,
    name: database?.name ?? '',
    endpoint_uid: endpointUid(row.database),
    proxy_policy: database?.placement.policy ?? '',
    is_listening: row.listens,
    local_shards: row.localShards,
    total_shards: row.totalShards,
  };
}
