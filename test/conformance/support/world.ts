import { TestCluster } from '../../support/cluster.js';
import { TestProxy } from '../../support/proxy.js';
import { RealServer } from '../../support/server.js';
import { waitFor } from '../../support/wait.js';
import type { Target } from './player.js';

/** One stand-alone server, and a proxy in front of a cluster of the same version. */
export interface World {
  readonly single: RealServer;
  readonly cluster: TestCluster;
  readonly proxy: TestProxy;
  /** The two that must answer alike. */
  targets(protocol: 2 | 3): { readonly server: Target; readonly proxy: Target };
  /** Empties all servers, behind the proxy's back, and ends what an example left going. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** One database, as the proxy shows. */
const SINGLE = { databases: '1' };

export async function startWorld(replicasPerPrimary = 0): Promise<World> {
  const [single, cluster] = await Promise.all([
    RealServer.start({ extraConfig: SINGLE }),
    TestCluster.start({ primaries: 3, replicasPerPrimary }),
  ]);
  // Whatever is slow on a busy machine would be in its slow log, and not in the server's.
  const args = ['--slowlog-slower-than-ms', '600000'];
  const proxy = await TestProxy.start({ seeds: cluster.seeds, args });
  const primaries = cluster.servers.slice(0, cluster.primaryCount);
  return {
    single,
    cluster,
    proxy,
    targets: (protocol) => ({
      server: { kind: 'server', port: single.port, protocol },
      proxy: { kind: 'proxy', port: proxy.port, protocol },
    }),
    async clear() {
      await Promise.all([single, ...primaries].map(clearServer));
    },
    async stop() {
      await proxy.stop();
      await Promise.all([single.stop(), cluster.stop()]);
    },
  };
}

const CLEARING = [['CLIENT', 'UNPAUSE'], ['FLUSHALL'], ['SCRIPT', 'FLUSH'], ['FUNCTION', 'FLUSH']];
const IS_SAVING = /(rdb_bgsave|aof_rewrite)_in_progress:1/;

async function clearServer(server: RealServer): Promise<void> {
  await Promise.all(CLEARING.map((words) => server.call(...words)));
  if (IS_SAVING.test(await server.text('INFO', 'persistence'))) {
    await waitFor(
      `${server.address} to have saved`,
      async () => !IS_SAVING.test(await server.text('INFO', 'persistence')),
    );
  }
}
