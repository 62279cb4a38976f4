import type { Children } from './children.js';
import { freePorts } from './ports.js';
import type { ServerPrograms } from './programs.js';
import { type Address, waitFor, withConnection } from './redis.js';

const SLOT_COUNT = 16_384;

export interface Server extends Address {
  readonly pid: number;
}

/** Starts `count` stand-alone servers without persistence. */
export async function startStandaloneServers(
  children: Children,
  programs: ServerPrograms,
  count: number,
): Promise<readonly Server[]> {
  return startServers(children, programs, 'standalone', await freePorts(count), []);
}

/** Starts a cluster of `count` primaries without replicas or persistence; all slots are served. */
export async function startCluster(
  children: Children,
  programs: ServerPrograms,
  count: number,
): Promise<readonly Server[]> {
  const ports = await freePorts(count);
  const servers = await startServers(children, programs, 'cluster', ports, [
    '--cluster-enabled',
    'yes',
  ]);
  const first = servers[0];
  if (first === undefined) throw new Error('a cluster needs at least one server');
  for (const [index, server] of servers.entries()) {
    await withConnection(server, async (redis) => {
      await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      await redis.call('CLUSTER', 'ADDSLOTS', ...slotsOf(index, count));
      if (server !== first) await redis.call('CLUSTER', 'MEET', first.host, String(first.port));
    });
  }
  await Promise.all(servers.map((server) => waitUntilWhole(server, count)));
  return servers;
}

function slotsOf(index: number, count: number): readonly string[] {
  const start = Math.floor((SLOT_COUNT * index) / count);
  const end = Math.floor((SLOT_COUNT * (index + 1)) / count);
  return Array.from({ length: end - start }, (_, offset) => String(start + offset));
}

function waitUntilWhole(server: Server, count: number): Promise<void> {
  return waitFor(`cluster state at ${server.host}:${server.port}`, () =>
    withConnection(server, async (redis) => {
      const info = String(await redis.call('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}\r`);
    }),
  );
}

async function startServers(
  children: Children,
  programs: ServerPrograms,
  label: string,
  ports: readonly number[],
  extraArgs: readonly string[],
): Promise<readonly Server[]> {
  return Promise.all(
    ports.map(async (port) => {
      const args = [
        ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
        ...(extraArgs.length > 0 ? [...extraArgs, '--cluster-config-file', `${port}.conf`] : []),
      ];
      const child = children.start(`${label}-${port}`, programs.redisServer, args, programs.env);
      const server = { host: '127.0.0.1', port, pid: child.pid };
      await child.untilReady((signal) => untilAnsweringPing(server, signal));
      return server;
    }),
  );
}

/** A server of a cluster that is not whole yet refuses GET but answers PING. */
function untilAnsweringPing(server: Address, signal: AbortSignal): Promise<void> {
  return waitFor(
    `${server.host}:${server.port}`,
    () => withConnection(server, async (redis) => (await redis.ping()) === 'PONG'),
    signal,
  );
}
