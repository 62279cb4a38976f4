import { TestProxy } from '../support/proxy.js';
import type { DriverKind } from './drivers/driver.js';
import { exactKind } from './drivers/exact-driver.js';
import { ioredisClusterKind, ioredisKind } from './drivers/ioredis-driver.js';
import { nodeRedisKind } from './drivers/node-redis-driver.js';
import type { Abilities } from './load/list-writer.js';
import type { Stage } from './stage/stage.js';

export interface TargetAbilities extends Abilities {
  readonly transactions: boolean;
  readonly blocking: boolean;
  readonly pubsub: boolean;
  readonly shardedPubsub: boolean;
  readonly wait: boolean;
}

/** What the load runs against. */
export interface Target {
  /** For the report: versions, threads. */
  readonly about: string;
  readonly abilities: TargetAbilities;
  /** The load goes through them in turn. */
  readonly drivers: readonly [DriverKind, ...DriverKind[]];
  /** Refusals that it passed on since a younger request had been executed, by its own count. */
  passedForOrder(): Promise<number>;
  /** What its process wrote. */
  log(): string;
  /** What is wrong with the process, in the end. */
  problems(): readonly string[];
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/** The proxy knows the servers by their relays alone. */
export async function startProxyTarget(stage: Stage, threads: number): Promise<Target> {
  const map = stage.servers.map(
    (server, i) => `${server.address}=${stage.relays[i]?.address ?? server.address}`,
  );
  const proxy = await TestProxy.start({
    seeds: stage.relays.map((relay) => relay.address),
    args: [...map.flatMap((entry) => ['--map', entry]), '--threads', String(threads)],
  });
  let hasEnded = false;
  void proxy.exited.then(() => {
    hasEnded = true;
  });
  const target = { host: HOST, port: proxy.port };
  return {
    about: `slotgate proxy, ${threads} worker threads`,
    abilities: {
      crossSlot: true,
      crossSlotExists: true,
      echo: true,
      evalsha: true,
      transactions: true,
      blocking: true,
      pubsub: true,
      shardedPubsub: true,
      wait: true,
    },
    drivers: [
      exactKind(2, target),
      exactKind(3, target),
      ioredisKind(2, target),
      exactKind(2, target),
      exactKind(3, target),
      nodeRedisKind(3, target),
    ],
    passedForOrder: () => proxy.metric('slotgate_held_total', 'outcome="passed_for_order"'),
    log: () => proxy.log,
    problems: () => (hasEnded ? [`the proxy ended:\n${proxy.log.slice(-2_000)}`] : []),
    stop: () => proxy.stop(),
  };
}

/** No proxy: a cluster client as applications use it. */
export function directTarget(stage: Stage): Target {
  const addresses = stage.relays.map((relay) => ({ host: HOST, port: relay.port }));
  const map = Object.fromEntries(
    stage.servers.map((server, i) => [
      server.address,
      addresses[i] ?? { host: server.host, port: server.port },
    ]),
  );
  return {
    about: 'ioredis Cluster with its default settings, straight at the servers',
    abilities: {
      crossSlot: false,
      crossSlotExists: false,
      echo: false,
      evalsha: false,
      transactions: true,
      blocking: true,
      pubsub: true,
      shardedPubsub: false,
      wait: false,
    },
    drivers: [ioredisClusterKind({ seeds: addresses, map })],
    passedForOrder: async () => 0,
    log: () => '',
    problems: () => [],
    stop: async () => undefined,
  };
}
