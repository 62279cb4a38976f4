import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestCluster } from '../support/cluster.js';
import { NODE_HOSTS } from '../support/deployment.js';
import { runProgram } from '../support/programs.js';
import { serverPaths } from '../support/servers.js';
import { useCluster } from '../support/use-cluster.js';
import { CLUSTER_LIBRARIES, type OpenCluster } from './support/cluster-libraries.js';
import { type ClusterStage, useClusterStage } from './support/cluster-stage.js';
import { foreignPrograms } from './support/foreign.js';

const USE_CLUSTER = fileURLToPath(new URL('foreign/use_cluster.py', import.meta.url));
const KEYS = 200;
const { python } = foreignPrograms();
const { redisCli, redisBenchmark, env } = serverPaths();

/** A primary on each node. */
const cluster = useCluster({ hosts: NODE_HOSTS });

/** Whom clients are told about: the proxies, or the servers. */
function shownIn(mode: string, { port }: ClusterStage, { servers }: TestCluster) {
  return mode === 'cluster'
    ? NODE_HOSTS.map((host) => `${host}:${port}`)
    : servers.map(({ address }) => address);
}

describe.each(['cluster', 'direct', 'auto'])('mode %s', (mode) => {
  const stage = useClusterStage(cluster, { mode, proxyPolicy: 'all-nodes' });

  describe.each(CLUSTER_LIBRARIES)('$name', ({ name, open }) => {
    const prefix = `${mode}:${name.replaceAll(' ', '')}:`;
    let client: OpenCluster;
    beforeAll(async () => {
      client = await open(stage.port);
    });
    afterAll(() => client?.close());

    test('knows all primaries, and no others', () => {
      expect([...client.primaries()].sort()).toEqual(shownIn(mode, stage, cluster()));
    });

    test('keys of all slots', async () => {
      const keys = Array.from({ length: KEYS }, (_, i) => `${prefix}${i}`);
      await Promise.all(keys.map((key, i) => client.call(key, 'SET', key, `${i}`)));
      expect(await Promise.all(keys.map((key) => client.call(key, 'GET', key)))).toEqual(
        keys.map((_, i) => `${i}`),
      );
      // Nobody went to the wrong node.
      expect(await stage.deployment.counted('slotgate_moved_answered_total')).toBe(0);
    });

    test('several keys of one slot, a transaction, a script', async () => {
      const at = `{${prefix}tag}`;
      await client.call(at, 'MSET', `${at}a`, '1', `${at}b`, '2');
      expect(await client.call(at, 'MGET', `${at}b`, `${at}a`)).toEqual(['2', '1']);
      expect(await client.twice(`${at}n`)).toEqual([1, 2]);
      const script = "return redis.call('INCR', KEYS[1])";
      expect(await client.call(at, 'EVAL', script, '1', `${at}n`)).toBe(3);
    });

    test('what it adds up over the nodes is complete, and counts nothing twice', async () => {
      const keys = Array.from({ length: KEYS }, (_, i) => `${prefix}all:${i}`);
      await Promise.all(keys.map((key) => client.call(key, 'SET', key, '')));
      const found = await client.each('KEYS', `${prefix}all:*`);
      expect(found.flat().sort()).toEqual([...keys].sort());
      const sizes = await client.each('DBSIZE');
      const owned = await Promise.all(cluster().servers.map((server) => server.call('DBSIZE')));
      expect(sum(sizes)).toBe(sum(owned));
    });

    test('publish and subscribe', async () => {
      expect(await client.relay(`${prefix}news`, 'hello')).toBe('hello');
    });
  });

  test
    .skipIf(python === undefined)
    .each(['keys', 'one_slot', 'adding_up', 'publish_and_subscribe'])(
    'redis-py RedisCluster: %s',
    async (work) => {
      const args = [USE_CLUSTER, String(stage.port), work];
      const result = await runProgram(python?.command ?? '', args, {
        env: { ...process.env, ...python?.env },
      });
      expect(result).toEqual({ code: 0, output: '' });
    },
  );

  test('redis-cli -c', async () => {
    const keys = Array.from({ length: 50 }, (_, i) => `${mode}:cli:${i}`);
    const input = keys.flatMap((key, i) => [`SET ${key} ${i}`, `GET ${key}`]).join('\n');
    const args = ['-c', '-p', String(stage.port)];
    const { output } = await runProgram(redisCli, args, { env, input: `${input}\n` });
    const lines = output.split('\n').filter((line) => !line.startsWith('-> Redirected to slot'));
    expect(lines.join('\n')).toBe(keys.map((_, i) => `OK\n${i}\n`).join(''));
    // Where the proxy serves every key, it has no reason to send anybody elsewhere.
    expect(output.includes('Redirected')).toBe(mode === 'cluster');
  });

  test('redis-cli --cluster call finds all nodes', async () => {
    const args = ['--cluster', 'call', `127.0.0.1:${stage.port}`, 'PING'];
    const { output } = await runProgram(redisCli, args, { env });
    for (const address of shownIn(mode, stage, cluster())) {
      expect(output).toContain(`${address}: PONG`);
    }
  });

  test('redis-benchmark --cluster', async () => {
    const load = ['-n', '2000', '-c', '6', '-r', '1000', '-P', '4', '-t', 'set,get,incr', '-q'];
    const args = ['--cluster', '-p', String(stage.port), ...load];
    const { output, code } = await runProgram(redisBenchmark, args, { env });
    expect(code).toBe(0);
    expect(output.match(/requests per second/g)?.length).toBe(3);
    expect(output).not.toMatch(/error/i);
    for (const address of shownIn(mode, stage, cluster())) {
      expect(output).toContain(address);
    }
  });
});

describe('a plain client beside them', () => {
  const auto = useClusterStage(cluster, { mode: 'auto', proxyPolicy: 'single' });
  const direct = useClusterStage(cluster, { mode: 'direct', proxyPolicy: 'single' });

  describe.each([2, 3] as const)('RESP%i', (protocol) => {
    const use = async (port: number, work: (client: Redis) => Promise<void>) => {
      const client = new Redis({ port, protocol, maxRetriesPerRequest: 0 });
      try {
        await work(client);
      } finally {
        client.disconnect();
      }
    };

    test('mode auto: everything that a single server does, also after it asked for slots', () =>
      use(auto.port, async (client) => {
        expect(await client.cluster('SLOTS')).toHaveLength(3);
        const keys = Array.from({ length: 100 }, (_, i) => `plain${protocol}:${i}`);
        expect(await client.mset(keys.flatMap((key, i) => [key, `${i}`]))).toBe('OK');
        expect(await client.mget(keys)).toEqual(keys.map((_, i) => `${i}`));
        const found = [];
        for await (const page of client.scanStream({ match: `plain${protocol}:*` })) {
          found.push(...page);
        }
        expect([...new Set(found)].sort()).toEqual([...keys].sort());
        expect(await client.multi().incr('{p}n').incr('{p}n').get('{p}n').exec()).toHaveLength(3);
        expect(await client.del(keys)).toBe(100);
        expect(sum([await client.dbsize()])).toBe(
          sum(await Promise.all(cluster().servers.map((server) => server.call('DBSIZE')))),
        );
      }));

    test('mode direct: any key here; keys of several slots as in any cluster', () =>
      use(direct.port, async (client) => {
        const keys = Array.from({ length: 100 }, (_, i) => `plain${protocol}:${i}`);
        await Promise.all(keys.map((key) => client.set(key, key)));
        expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys);
        await expect(client.mget(keys)).rejects.toThrow(/^CROSSSLOT /);
      }));
  });
});

function sum(numbers: readonly unknown[]): number {
  return numbers.reduce<number>((total, n) => total + Number(n), 0);
}
