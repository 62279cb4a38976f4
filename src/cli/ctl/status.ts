import type { ApiClient } from './api-client.js';
import type {
  DatabaseObject,
  EndpointObject,
  NodeObject,
  ShardObject,
  Verdict,
} from './objects.js';
import type { StatusSection } from './sections.js';
import { table } from './table.js';

export interface Status {
  readonly nodes: readonly NodeObject[];
  readonly databases: readonly DatabaseObject[];
  readonly endpoints: readonly EndpointObject[];
  readonly shards: readonly ShardObject[];
}

export async function fetchStatus(api: ApiClient): Promise<Status> {
  const [nodes, databases, endpoints, shards] = await Promise.all([
    api.get<Status['nodes']>('/v1/nodes'),
    api.get<Status['databases']>('/v1/bdbs'),
    api.get<Status['endpoints']>('/v1/endpoints'),
    api.get<Status['shards']>('/v1/shards'),
  ]);
  return { nodes, databases, endpoints, shards };
}

const SECTIONS: Readonly<Record<StatusSection, (status: Status) => string>> = {
  nodes: nodesTable,
  databases: databasesTable,
  endpoints: endpointsTable,
  shards: shardsTable,
};

/** The tables as people read them. */
export function statusText(status: Status, sections: readonly StatusSection[]): string {
  return sections.map((section) => SECTIONS[section](status)).join('\n');
}

function nodesTable({ nodes }: Status): string {
  const rows = nodes.map((node) => [
    `${node.is_local ? '*' : ''}node:${node.uid}`,
    node.name,
    node.addr,
    node.external_addr.join(','),
    node.hostname ?? '',
    node.rack_id ?? '',
    node.shard_count,
    node.status_reason === '' ? node.status : `${node.status}: ${node.status_reason}`,
  ]);
  const headings = 'NODE:ID NAME ADDRESS EXTERNAL_ADDRESS HOSTNAME RACK-ID SHARDS STATUS';
  return `CLUSTER NODES:\n${table(headings.split(' '), rows)}`;
}

function databasesTable({ databases, endpoints }: Status): string {
  const rows = databases.map((database) => [
    `db:${database.uid}`,
    database.name,
    database.status,
    database.shards_count,
    database.shards_placement,
    database.replication ? 'enabled' : 'disabled',
    database.slotgate_mode,
    endpointsOf(database, endpoints)
      .filter(({ is_chosen: isChosen }) => isChosen)
      .flatMap(({ addr }) => addr)
      .join(','),
  ]);
  const headings = 'DB:ID NAME STATUS SHARDS PLACEMENT REPLICATION MODE ENDPOINT';
  return `DATABASES:\n${table(headings.split(' '), rows)}${notes(databases)}`;
}

/** Whether clients are shown the servers, where they should be. */
function notes(databases: readonly DatabaseObject[]): string {
  return databases
    .map(({ name, stepping_aside: aside }) => {
      if (aside === null) return '';
      const local = verdictText(aside.local);
      const remote = verdictText(aside.remote);
      const both =
        local === remote ? local : `${local} (clients of this machine), ${remote} (others)`;
      return `${name} steps aside: ${both}\n`;
    })
    .join('');
}

/** `yes`, or why not. */
export function verdictText({ kind, why }: Verdict): string {
  return kind === 'ok' ? 'yes' : `no, ${why}`;
}

function endpointsTable({ databases, endpoints }: Status): string {
  const rows = databases.flatMap((database) =>
    endpointsOf(database, endpoints)
      .filter(({ is_chosen: isChosen, state }) => isChosen || state !== 'closed')
      .map((endpoint) => [
        `db:${database.uid}`,
        database.name,
        `endpoint:${endpoint.uid}`,
        `node:${endpoint.node_uid}`,
        policyText(database),
        endpoint.addr.join(','),
        endpoint.conns,
        endpoint.problem === '' ? endpoint.state : `${endpoint.state}: ${endpoint.problem}`,
      ]),
  );
  const headings = 'DB:ID NAME ID NODE ROLE ADDRESS CONNS STATUS';
  return `ENDPOINTS:\n${table(headings.split(' '), rows)}`;
}

function shardsTable({ databases, shards }: Status): string {
  const rows = databases.flatMap((database) =>
    shards
      .filter(({ bdb_uid: uid }) => uid === database.uid)
      .map((shard) => [
        `db:${database.uid}`,
        database.name,
        `redis:${shard.uid}`,
        shard.node_uid === null ? '' : `node:${shard.node_uid}`,
        shard.role,
        shard.assigned_slots,
        shard.address,
        shard.detailed_status,
        shard.circuit,
      ]),
  );
  const headings = 'DB:ID NAME ID NODE ROLE SLOTS ADDRESS STATUS CIRCUIT';
  return `SHARDS:\n${table(headings.split(' '), rows)}`;
}

/** The policy, with the numbers of nodes that are taken away and added: `all-nodes -2`. */
export function policyText({ proxy_policy: policy, endpoints }: DatabaseObject): string {
  const excluded = endpoints[0]?.exclude_proxies.length ?? 0;
  const included = endpoints[0]?.include_proxies.length ?? 0;
  return [
    policy,
    ...(excluded > 0 ? [`-${excluded}`] : []),
    ...(included > 0 ? [`+${included}`] : []),
  ].join(' ');
}

function endpointsOf(
  { uid }: DatabaseObject,
  endpoints: readonly EndpointObject[],
): readonly EndpointObject[] {
  return endpoints.filter(({ bdb_uid: database }) => database === uid);
}
