import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { findProgram, runProgram } from '../support/programs.js';
import { TestProxy } from '../support/proxy.js';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const BINARY_KEY = Buffer.from('\0\r\n\xff{\xfe}', 'latin1');
const SCRIPT_FOLDER = fileURLToPath(new URL('clients/', import.meta.url));

let cluster: TestCluster;
let proxy: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start();
  proxy = await TestProxy.start({ seeds: cluster.seeds });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

describe('ioredis', () => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis({ host: '127.0.0.1', port: proxy.port, maxRetriesPerRequest: 0 });
  });
  afterAll(() => client.disconnect());

  test('every data type', async () => {
    await client.set('io:text', 'v', 'EX', 100);
    expect(await client.get('io:text')).toBe('v');
    expect(await client.ttl('io:text')).toBeGreaterThan(90);
    await client.hset('io:hash', { a: 1, b: 2 });
    expect(await client.hgetall('io:hash')).toEqual({ a: '1', b: '2' });
    await client.rpush('io:list', 'x', 'y', 'z');
    expect(await client.lrange('io:list', 0, -1)).toEqual(['x', 'y', 'z']);
    await client.sadd('io:set', 'm');
    expect(await client.smembers('io:set')).toEqual(['m']);
    await client.zadd('io:zset', 1.5, 'x', 2, 'y');
    expect(await client.zrange('io:zset', '0', '-1', 'WITHSCORES')).toEqual(['x', '1.5', 'y', '2']);
    await client.xadd('io:stream', '1-1', 'field', 'value');
    expect(await client.xread('STREAMS', 'io:stream', '0')).toEqual([
      ['io:stream', [['1-1', ['field', 'value']]]],
    ]);
    await client.setbit('io:bits', 7, 1);
    expect(await client.bitcount('io:bits')).toBe(1);
    await client.pfadd('io:hll', 'a', 'b');
    expect(await client.pfcount('io:hll')).toBe(2);
    await client.geoadd('io:geo', 13.361389, 38.115556, 'Palermo');
    expect((await client.geopos('io:geo', 'Palermo'))[0]?.[0]).toMatch(/^13\.36/);
  });

  test('scanStream', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `io:scan:${i}`);
    await client.mset(new Map(keys.map((key) => [key, 'value'])));
    const found = new Set<string>();
    for await (const page of client.scanStream({ match: 'io:scan:*', count: 50 })) {
      for (const key of page) found.add(key);
    }
    expect([...found].sort()).toEqual([...keys].sort());
  });

  test('binary keys and values', async () => {
    await client.set(BINARY_KEY, ALL_BYTES);
    expect((await client.getBuffer(BINARY_KEY))?.equals(ALL_BYTES)).toBe(true);
    expect(await client.exists(BINARY_KEY)).toBe(1);
  });

  test('keys of many slots, in the order in which they were asked for', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `io:many:${i}`);
    await client.mset(keys.flatMap((key, i) => [key, String(i)]));
    const backwards = [...keys].reverse();
    expect(await client.mget(backwards)).toEqual(backwards.map((_, i) => String(499 - i)));
    expect(await client.del(keys)).toBe(500);
  });

  test('a pipeline of 20,000 commands', async () => {
    const pipeline = client.pipeline();
    for (let i = 0; i < 20_000; i++) {
      pipeline.incr(`io:count:${i % 100}`);
    }
    const replies = (await pipeline.exec()) ?? [];
    expect(replies.length).toBe(20_000);
    const wrong = replies.findIndex(
      ([error, n], i) => error !== null || n !== Math.floor(i / 100) + 1,
    );
    expect(wrong).toBe(-1);
  });

  test('scripts and errors', async () => {
    expect(await client.eval('return {KEYS[1], ARGV[1]}', 1, 'io:key', 'v')).toEqual([
      'io:key',
      'v',
    ]);
    await expect(client.lpush('io:hash', 'x')).rejects.toThrow(/^WRONGTYPE/);
    await expect(client.call('NOSUCH', 'a')).rejects.toThrow(/^ERR unknown command 'NOSUCH'/);
    await expect(client.msetnx('a', '1', 'b', '2')).rejects.toThrow(
      "CROSSSLOT Keys in request don't hash to the same slot",
    );
  });
});

describe.each([2, 3] as const)('node-redis, RESP%i', (protocol) => {
  const open = createClientOf(protocol);

  test('data types and many slots', async () => {
    const redis = await open();
    const p = `nr${protocol}:`;
    try {
      await redis.mSet(
        Array.from({ length: 100 }, (_, i): [string, string] => [`${p}${i}`, `${i}`]),
      );
      const keys = Array.from({ length: 100 }, (_, i) => `${p}${99 - i}`);
      expect(await redis.mGet(keys)).toEqual(keys.map((_, i) => String(99 - i)));
      await redis.hSet(`${p}hash`, { a: '1', b: '2' });
      expect({ ...(await redis.hGetAll(`${p}hash`)) }).toEqual({ a: '1', b: '2' });
      await redis.zAdd(`${p}zset`, [{ score: 1.5, value: 'x' }]);
      expect(await redis.zRangeWithScores(`${p}zset`, 0, -1)).toEqual([{ score: 1.5, value: 'x' }]);
      expect(await redis.get(`${p}none`)).toBe(null);
      expect(await redis.del(keys)).toBe(100);
      await expect(redis.lPush(`${p}hash`, 'x')).rejects.toThrow(/WRONGTYPE/);
    } finally {
      redis.destroy();
    }
  });

  test('10,000 values, by automatic pipelining', async () => {
    const redis = await open();
    try {
      const count = 10_000;
      const indexes = Array.from({ length: count }, (_, i) => i);
      await Promise.all(indexes.map((i) => redis.set(`nr${protocol}:auto:${i}`, `value ${i}`)));
      const values = await Promise.all(indexes.map((i) => redis.get(`nr${protocol}:auto:${i}`)));
      expect(values.findIndex((value, i) => value !== `value ${i}`)).toBe(-1);
    } finally {
      redis.destroy();
    }
  });
});

describe('libraries of other languages', () => {
  const python = findProgram(
    'python3-redis',
    ['python3', '/usr/bin/python3'],
    ['-c', 'import redis'],
  );
  const php = findProgram('php-redis', ['php'], ['-r', 'exit(class_exists("Redis") ? 0 : 1);']);
  const ruby = findProgram('ruby-redis', ['ruby'], ['-e', 'require "redis"']);

  const programs = [
    { name: 'python3-redis', command: python, script: 'use.py' },
    { name: 'php-redis', command: php, script: 'use.php' },
    { name: 'ruby-redis', command: ruby, script: 'use.rb' },
  ];

  for (const { name, command = '', script } of programs) {
    test.skipIf(command === '')(name, async () => {
      const args = [`${SCRIPT_FOLDER}${script}`, String(proxy.port)];
      expect(await runProgram(command, args)).toEqual({ code: 0, output: '' });
    });
  }
});

test('values of a megabyte come back as they went', async () => {
  const client = new Redis({ host: '127.0.0.1', port: proxy.port });
  const values = Array.from({ length: 8 }, (_, i) => randomBytes(1_000_000 + i));
  await Promise.all(values.map((value, i) => client.set(`mb:${i}`, value)));
  const got = await Promise.all(values.map((_, i) => client.getBuffer(`mb:${i}`)));
  expect(got.findIndex((value, i) => value?.equals(values[i] ?? Buffer.alloc(0)) !== true)).toBe(
    -1,
  );
  const all = await client.mgetBuffer(values.map((_, i) => `mb:${i}`));
  expect(all.findIndex((value, i) => value?.equals(values[i] ?? Buffer.alloc(0)) !== true)).toBe(
    -1,
  );
  client.disconnect();
});

/** A way to open a node-redis client that fails instead of reconnecting. */
function createClientOf(protocol: 2 | 3) {
  return async () => {
    const client = createClient({
      RESP: protocol,
      socket: { host: '127.0.0.1', port: proxy.port, reconnectStrategy: false },
    });
    client.on('error', () => undefined);
    return client.connect();
  };
}
