import type { ControlConnection } from '../shards/index.js';
import { formatEndpoint } from '../shards/index.js';
import { LocalClusterError } from './local-cluster-error.js';

const SLOT_COUNT = 16_384;

/** Every server learns of every other directly: waiting for gossip would take seconds. */
export async function introduceAll(servers: readonly ControlConnection[]): Promise<void> {
  const addresses = servers.map(({ endpoint }) => endpoint);
  const meetings = servers.flatMap((server, index) =>
    addresses.slice(index + 1).map((address) => {
      if (address.kind !== 'tcp') throw new Error('servers of a local cluster listen on TCP');
      return expectOk(server, ['CLUSTER', 'MEET', address.host, String(address.port)]);
    }),
  );
  await Promise.all(meetings);
}

/** Gives the slots to the first servers, in equal ranges. All are empty and know nobody. */
export async function assignSlots(
  servers: readonly ControlConnection[],
  primaries: number,
): Promise<void> {
  await Promise.all(
    servers.map((server, index) =>
      expectOk(server, ['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)]),
    ),
  );
  await Promise.all(
    servers.slice(0, primaries).map((server, index) => {
      const first = Math.floor((index * SLOT_COUNT) / primaries);
      const last = Math.floor(((index + 1) * SLOT_COUNT) / primaries) - 1;
      return expectOk(server, ['CLUSTER', 'ADDSLOTSRANGE', String(first), String(last)]);
    }),
  );
}

/** Server `primaries + n` becomes a replica of primary `n % primaries`. All know each other. */
export async function assignReplicas(
  servers: readonly ControlConnection[],
  primaries: number,
): Promise<void> {
  const ids = await Promise.all(
    servers.slice(0, primaries).map((server) => text(server, ['CLUSTER', 'MYID'])),
  );
  await Promise.all(
    servers
      .slice(primaries)
      .map((server, index) =>
        expectOk(server, ['CLUSTER', 'REPLICATE', ids[index % primaries] ?? '']),
      ),
  );
}

/** Ids of the nodes that a server knows and can name, itself included; handshakes do not count. */
export async function knownNodes(server: ControlConnection): Promise<number> {
  const lines = (await text(server, ['CLUSTER', 'NODES'])).split('\n');
  return lines.filter((line) => line !== '' && !/\bhandshake\b|\bnoaddr\b/.test(line)).length;
}

/** What keeps a server from doing its part in the cluster, or undefined. */
export async function serverProblem(server: ControlConnection): Promise<string | undefined> {
  const where = formatEndpoint(server.endpoint);
  const state = /^cluster_state:(\w+)/m.exec(await text(server, ['CLUSTER', 'INFO']))?.[1];
  if (state !== 'ok') return `${where} says cluster_state:${state ?? 'unknown'}`;
  const replication = await text(server, ['INFO', 'replication']);
  const isDetached = /^master_link_status:down/m.test(replication);
  return isDetached ? `${where} is not synchronized with its primary` : undefined;
}

async function expectOk(server: ControlConnection, args: readonly string[]): Promise<void> {
  await text(server, args);
}

async function text(server: ControlConnection, args: readonly string[]): Promise<string> {
  const reply = await server.call(args);
  if (reply.kind === 'string') return reply.bytes.toString();
  const problem = reply.kind === 'error' ? reply.message : `a reply of kind ${reply.kind}`;
  throw new LocalClusterError(
    'cluster_not_ready',
    `${formatEndpoint(server.endpoint)} answered ${args.slice(0, 2).join(' ')} with: ${problem}`,
  );
}
