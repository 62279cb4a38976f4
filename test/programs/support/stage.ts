import { afterAll, beforeAll } from 'vitest';
import { TestCluster } from '../../support/cluster.js';
import { TestProxy } from '../../support/proxy.js';

/** What the tests of one file connect to: one address, as if it were one server. */
export interface Stage {
  readonly port: number;
  /** Ends what listens there at once, and starts it again at the same address. */
  restart(): Promise<void>;
  /** A command to the servers themselves, for example `SCRIPT FLUSH`, to every primary. */
  callEachServer(...args: readonly string[]): Promise<void>;
}

/** Two: what one client does reaches those of the other worker, too. */
const WORKERS = ['--threads', '2'];

/** Starts a cluster of three primaries and a proxy before the tests of a file; stops them after. */
export function useStage(): Stage {
  let cluster: TestCluster;
  let proxy: TestProxy;
  let port = 0;
  beforeAll(async () => {
    cluster = await TestCluster.start();
    proxy = await TestProxy.start({ seeds: cluster.seeds, args: WORKERS });
    port = proxy.port;
  });
  afterAll(async () => {
    await proxy?.stop();
    await cluster?.stop();
  });
  return {
    get port() {
      return port;
    },
    async restart() {
      await proxy.stop();
      proxy = await TestProxy.start({
        seeds: cluster.seeds,
        listen: [`127.0.0.1:${port}`],
        args: WORKERS,
      });
    },
    async callEachServer(...args) {
      await Promise.all(cluster.servers.map((server) => server.call(...args)));
    },
  };
}
