import { Cluster } from 'ioredis';
import { createCluster } from 'redis';

/** A library that knows clusters, opened at one address: what the tests need of it. */
export interface ClusterLibrary {
  readonly name: string;
  open(port: number): Promise<OpenCluster>;
}

export interface OpenCluster {
  /** Any command with one key, or with several of one slot, where the library finds that it belongs. */
  call(key: string, ...words: readonly string[]): Promise<unknown>;
  /** MULTI … EXEC of `INCR key` twice. */
  twice(key: string): Promise<readonly unknown[]>;
  /** Any command, at each node that the library takes for a primary, one reply from each. */
  each(...words: readonly string[]): Promise<readonly unknown[]>;
  /** Subscribes, publishes once, and gives the message. */
  relay(channel: string, message: string): Promise<string>;
  /** `host:port` of the primaries that it knows. */
  primaries(): readonly string[];
  close(): Promise<void>;
}

export const CLUSTER_LIBRARIES: readonly ClusterLibrary[] = [
  { name: 'ioredis Cluster, RESP2', open: (port) => openIoredis(port, 2) },
  { name: 'ioredis Cluster, RESP3', open: (port) => openIoredis(port, 3) },
  { name: 'node-redis createCluster, RESP2', open: (port) => openNodeRedis(port, 2) },
  { name: 'node-redis createCluster, RESP3', open: (port) => openNodeRedis(port, 3) },
];

async function openIoredis(port: number, protocol: 2 | 3): Promise<OpenCluster> {
  const cluster = new Cluster([{ host: '127.0.0.1', port }], { redisOptions: { protocol } });
  cluster.on('error', () => undefined);
  await new Promise((resolve) => cluster.once('ready', resolve));
  return {
    call: (_key, command = '', ...args) => cluster.call(command, ...args),
    async twice(key) {
      const replies = (await cluster.multi().incr(key).incr(key).exec()) ?? [];
      return replies.map(([error, reply]) => error ?? reply);
    },
    each: (command = '', ...args) =>
      Promise.all(cluster.nodes('master').map((node) => node.call(command, ...args))),
    async relay(channel, message) {
      const subscriber = cluster.duplicate();
      const heard = new Promise<string>((resolve) =>
        subscriber.on('message', (_channel, text) => resolve(text)),
      );
      await subscriber.subscribe(channel);
      await cluster.publish(channel, message);
      const text = await heard;
      subscriber.disconnect();
      return text;
    },
    primaries: () => cluster.nodes('master').map(({ options: o }) => `${o.host}:${o.port}`),
    async close() {
      cluster.disconnect();
    },
  };
}

async function openNodeRedis(port: number, protocol: 2 | 3): Promise<OpenCluster> {
  const cluster = createCluster({
    rootNodes: [{ socket: { host: '127.0.0.1', port } }],
    RESP: protocol,
  });
  cluster.on('error', () => undefined);
  await cluster.connect();
  return {
    call: (key, ...words) => cluster.sendCommand(key, false, [...words]),
    twice: (key) => cluster.multi().incr(key).incr(key).exec(),
    each: (...words) =>
      Promise.all(
        cluster.masters.map(async (master) => {
          const client = await cluster.nodeClient(master);
          return client.sendCommand([...words]);
        }),
      ),
    async relay(channel, message) {
      let hear: (text: string) => void = () => undefined;
      const heard = new Promise<string>((resolve) => {
        hear = resolve;
      });
      await cluster.subscribe(channel, hear);
      await cluster.publish(channel, message);
      const text = await heard;
      await cluster.unsubscribe(channel);
      return text;
    },
    primaries: () => cluster.masters.map(({ host, port: at }) => `${host}:${at}`),
    close: async () => cluster.destroy(),
  };
}
