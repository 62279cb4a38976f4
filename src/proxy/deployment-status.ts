import {
  isHostedBy,
  portOn,
  rangesByOwner,
  type SteppingAside,
  steppingAside,
  unbalanced,
} from '../placement/index.js';
import { formatEndpoint, Subnet } from '../shards/index.js';
import { type ClusterTopology, primariesOf, type ServerNode } from '../topology/index.js';
import type {
  DatabaseStatus,
  Deployment,
  EndpointStatus,
  ShardStatus,
  UnbalancedEndpoint,
} from './deployment.js';
import type { HostedDatabase } from './hosted-database.js';
import type { Nodes } from './nodes.js';

/** Anybody who is not on this machine. */
const SOMEWHERE_ELSE = Subnet.parse('0.0.0.0/0');

/** @param databases Those that are served now. */
export function deploymentOf(nodes: Nodes, databases: () => readonly HostedDatabase[]): Deployment {
  return {
    nodes: () => nodes.status(),
    databases: () => Promise.all(databases().map(databaseStatus)),
    endpoints: async () => {
      const statuses = databases().map((database) => endpointStatuses(database, nodes));
      return (await Promise.all(statuses)).flat();
    },
    shards: () => {
      const shards = databases().flatMap((database) => shardStatuses(database, nodes));
      return shards.map((shard, index) => ({ uid: index + 1, ...shard }));
    },
    unbalanced: () => databases().flatMap((database) => unbalancedEndpoints(database, nodes)),
    change: (name, change) =>
      databases()
        .find((database) => database.name === name)
        ?.change(change) ?? { kind: 'unknown-database' },
  };
}

async function databaseStatus(database: HostedDatabase): Promise<DatabaseStatus> {
  const { name, config, monitor, placement, state } = database;
  const { topology } = monitor;
  const owners = topology === null ? [] : primariesOf(topology);
  const replicas = topology?.shards.flatMap((shard) => shard.replicas) ?? [];
  return {
    uid: uidOf(database),
    name,
    port: config.port,
    state: state === 'starting' ? 'pending' : state === 'listening' ? 'active' : state,
    placement: placement.settings,
    primaries: owners.length,
    replicas: replicas.length,
    topologyVersion: topology?.version ?? null,
    clients: await database.countClients(),
    steppingAside: steppingAsideOf(database),
  };
}

function steppingAsideOf({ placement }: HostedDatabase): DatabaseStatus['steppingAside'] {
  const { mode } = placement.settings;
  if (mode !== 'direct' && mode !== 'auto') {
    return null;
  }
  const { situation } = placement.presenter;
  const verdictFor = (subnet: Subnet | null): SteppingAside =>
    situation === undefined
      ? { kind: 'refused', why: 'no topology has been loaded yet' }
      : steppingAside({ ...situation, viewer: { subnet, localIp: '' } });
  return { local: verdictFor(null), remote: verdictFor(SOMEWHERE_ELSE) };
}

function endpointStatuses(
  database: HostedDatabase,
  nodes: Nodes,
): Promise<readonly EndpointStatus[]> {
  const { config, monitor, placement } = database;
  const { topology } = monitor;
  const chosen = topology === null ? [] : placement.chosenNodes(topology);
  return Promise.all(
    nodes.status().map(async ({ uid, spec }): Promise<EndpointStatus> => {
      const endpoint = placement.endpoints.of(spec.id);
      return {
        database: uidOf(database),
        node: uid,
        addresses: endpoint?.addresses ?? [
          formatEndpoint({ kind: 'tcp', host: spec.address, port: portOn(spec, config.port) }),
        ],
        isChosen: chosen.includes(spec.id),
        state: endpoint?.state ?? 'elsewhere',
        clients: (await endpoint?.countClients()) ?? 0,
        problem: endpoint?.problem ?? '',
      };
    }),
  );
}

function shardStatuses(
  database: HostedDatabase,
  nodes: Nodes,
): readonly Omit<ShardStatus, 'uid'>[] {
  const { topology } = database.monitor;
  if (topology === null) {
    return [];
  }
  const ranges = rangesByOwner(topology.slotToShard);
  return topology.shards.flatMap(({ primary, replicas }, shard) => {
    const members = [...(primary === null ? [] : [primary]), ...replicas];
    return members.flatMap((index) => {
      const server = topology.servers[index];
      return server === undefined
        ? []
        : [
            {
              database: uidOf(database),
              nodeId: server.nodeId,
              address: formatEndpoint(server.address),
              node: nodeOf(server, nodes),
              role: index === primary ? ('primary' as const) : ('replica' as const),
              slots: ranges.get(shard) ?? [],
              health: healthOf(server),
              circuit: database.circuits.of(formatEndpoint(server.address)),
            },
          ];
    });
  });
}

function unbalancedEndpoints(
  database: HostedDatabase,
  nodes: Nodes,
): readonly UnbalancedEndpoint[] {
  const { monitor, placement } = database;
  const { topology } = monitor;
  return topology === null
    ? []
    : unbalanced(placement.settings, nodes.specs, topology, listening(database, topology)).map(
        (row) => ({ ...row, database: uidOf(database) }),
      );
}

/** Those that clients are told of: if none that is to be open is, those that were or will be. */
function listening({ placement }: HostedDatabase, topology: ClusterTopology): readonly string[] {
  return placement.presenter.situation?.listening ?? placement.chosenNodes(topology);
}

function nodeOf(server: ServerNode, nodes: Nodes): number | null {
  const index = nodes.specs.findIndex((node) => isHostedBy(server, node));
  return index === -1 ? null : index + 1;
}

function healthOf({ flags }: ServerNode): ShardStatus['health'] {
  return flags.includes('fail') ? 'failed' : flags.includes('pfail') ? 'suspected' : 'online';
}

function uidOf({ id }: HostedDatabase): number {
  return id + 1;
}
