import { TestCluster } from '../../support/cluster.js';
import { TestProxy } from '../../support/proxy.js';
import { RealServer } from '../../support/server.js';
import type { Target } from './player.js';

/** One stand-alone server, and a proxy in front of a cluster of the same version. */
export interface World {
  readonly single: RealServer;
  readonly cluster: TestCluster;
  readonly proxy: TestProxy;
  /** The two that must answer alike. */
  targets(protocol: 2 | 3): { readonly server: Target; readonly proxy: Target };
  /** Empties all servers, behind the proxy's back: keys, scripts and functions. */
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
  const proxy = await TestProxy.start({ seeds: cluster.seeds });
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
      const commands = [['FLUSHALL'], ['SCRIPT', 'FLUSH'], ['FUNCTION', 'FLUSH']];
      await Promise.all(
        [single, ...primaries].flatMap((server) => commands.map((words) => server.call(...words))),
      );
    },
    async stop() {
      await proxy.stop();
      await Promise.all([single.stop(), cluster.stop()]);
    },
  };
}
