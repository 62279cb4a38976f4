import { randomBytes } from 'node:crypto';
import { Redis, type Result } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../support/wait.js';
import { useStage } from './support/stage.js';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const BINARY_KEY = Buffer.from('\0\r\n\xff{\xfe}', 'latin1');

declare module 'ioredis' {
  interface RedisCommander<Context> {
    bump(key: string, by: number): Result<number, Context>;
  }
}

const stage = useStage();

describe.each([2, 3] as const)('ioredis, RESP%i', (protocol) => {
  const p = `io${protocol}:`;
  let client: Redis;
  let other: Redis;
  beforeAll(() => {
    const options = { port: stage.port, protocol, maxRetriesPerRequest: 0 };
    client = new Redis(options);
    other = new Redis(options);
  });
  afterAll(() => {
    client.disconnect();
    other.disconnect();
  });

  test('every data type', async () => {
    await client.set(`${p}text`, 'v', 'EX', 100);
    expect(await client.get(`${p}text`)).toBe('v');
    expect(await client.ttl(`${p}text`)).toBeGreaterThan(90);
    await client.hset(`${p}hash`, { a: 1, b: 2 });
    expect(await client.hgetall(`${p}hash`)).toEqual({ a: '1', b: '2' });
    await client.rpush(`${p}list`, 'x', 'y', 'z');
    expect(await client.lrange(`${p}list`, 0, -1)).toEqual(['x', 'y', 'z']);
    await client.sadd(`${p}set`, 'm');
    expect(await client.smembers(`${p}set`)).toEqual(['m']);
    await client.zadd(`${p}zset`, 1.5, 'x', 2, 'y');
    expect(await client.zrange(`${p}zset`, '0', '-1', 'WITHSCORES')).toEqual([
      'x',
      '1.5',
      'y',
      '2',
    ]);
    await client.xadd(`${p}stream`, '1-1', 'field', 'value');
    expect(await client.xread('STREAMS', `${p}stream`, '0')).toEqual([
      [`${p}stream`, [['1-1', ['field', 'value']]]],
    ]);
    await client.setbit(`${p}bits`, 7, 1);
    expect(await client.bitcount(`${p}bits`)).toBe(1);
    await client.pfadd(`${p}hll`, 'a', 'b');
    expect(await client.pfcount(`${p}hll`)).toBe(2);
    await client.geoadd(`${p}geo`, 13.361389, 38.115556, 'Palermo');
    expect((await client.geopos(`${p}geo`, 'Palermo'))[0]?.[0]).toMatch(/^13\.36/);
  });

  test('binary keys and values', async () => {
    await client.set(BINARY_KEY, ALL_BYTES);
    expect((await client.getBuffer(BINARY_KEY))?.equals(ALL_BYTES)).toBe(true);
    expect(await client.exists(BINARY_KEY)).toBe(1);
  });

  test('keys of many slots, in the order in which they were asked for', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `${p}many:${i}`);
    await client.mset(keys.flatMap((key, i) => [key, String(i)]));
    const backwards = [...keys].reverse();
    expect(await client.mget(backwards)).toEqual(backwards.map((_, i) => String(499 - i)));
    expect(await client.del(keys)).toBe(500);
  });

  test('a pipeline of 20,000 commands', async () => {
    const pipeline = client.pipeline();
    for (let i = 0; i < 20_000; i++) {
      pipeline.incr(`${p}count:${i % 100}`);
    }
    const replies = (await pipeline.exec()) ?? [];
    expect(replies.length).toBe(20_000);
    const wrong = replies.findIndex(
      ([error, n], i) => error !== null || n !== Math.floor(i / 100) + 1,
    );
    expect(wrong).toBe(-1);
  });

  test('values of a megabyte', async () => {
    const values = Array.from({ length: 4 }, (_, i) => randomBytes(1_000_000 + i));
    await Promise.all(values.map((value, i) => client.set(`${p}mb:${i}`, value)));
    const got = await client.mgetBuffer(values.map((_, i) => `${p}mb:${i}`));
    expect(got.map((value, i) => value?.equals(values[i] ?? ALL_BYTES))).toEqual(
      values.map(() => true),
    );
  });

  test('errors', async () => {
    await client.set(`${p}string`, 'v');
    await expect(client.lpush(`${p}string`, 'x')).rejects.toThrow(/^WRONGTYPE/);
    await expect(client.call('NOSUCH', 'a')).rejects.toThrow(/^ERR unknown command 'NOSUCH'/);
  });

  test('transactions, sent at once and one command at a time', async () => {
    const at = `{${p}multi}`;
    await client.set(`${at}text`, 'v');
    expect(
      await client
        .multi()
        .set(`${at}n`, 1)
        .incr(`${at}n`)
        .lpush(`${at}text`, 'x')
        .get(`${at}n`)
        .exec(),
    ).toEqual([
      [null, 'OK'],
      [null, 2],
      [expect.objectContaining({ message: expect.stringMatching(/^WRONGTYPE/) })],
      [null, '2'],
    ]);
    await client.multi({ pipeline: false });
    expect(await client.incr(`${at}n`)).toBe('QUEUED');
    expect(await other.get(`${at}n`)).toBe('2');
    expect(await client.exec()).toEqual([[null, 3]]);
  });

  test('WATCH notices what another client wrote', async () => {
    const key = `{${p}watch}n`;
    await client.set(key, 1);
    await client.watch(key);
    await other.incr(key);
    expect(await client.multi().set(key, 10).exec()).toBe(null);
    await client.watch(key);
    expect(await client.multi().set(key, 10).exec()).toEqual([[null, 'OK']]);
    expect(await client.get(key)).toBe('10');
  });

  test('subscriptions to channels and patterns', async () => {
    const subscriber = client.duplicate();
    const heard: string[] = [];
    subscriber.on('message', (channel, text) => heard.push(`${channel} ${text}`));
    subscriber.on('pmessage', (pattern, channel, text) =>
      heard.push(`${pattern} ${channel} ${text}`),
    );
    expect(await subscriber.subscribe(`${p}a`, `${p}b`)).toBe(2);
    expect(await subscriber.psubscribe(`${p}news.*`)).toBe(3);
    expect(await client.publish(`${p}a`, '1')).toBe(1);
    expect(await client.publish(`${p}news.x`, '2')).toBe(1);
    expect(await client.publish(`${p}nobody`, '3')).toBe(0);
    expect(await client.pubsub('NUMSUB', `${p}a`)).toEqual([`${p}a`, 1]);
    await waitFor('both messages', () => heard.length === 2);
    expect(heard.sort()).toEqual([`${p}a 1`, `${p}news.* ${p}news.x 2`]);
    await subscriber.unsubscribe(`${p}a`, `${p}b`);
    await subscriber.punsubscribe(`${p}news.*`);
    expect(await client.publish(`${p}a`, '4')).toBe(0);
    await subscriber.set(`${p}after`, 'an ordinary client again');
    subscriber.disconnect();
  });

  test('sharded subscriptions', async () => {
    const subscriber = client.duplicate();
    const heard: string[] = [];
    subscriber.on('smessage', (channel, text) => heard.push(`${channel} ${text}`));
    expect(await subscriber.ssubscribe(`${p}shard`)).toBe(1);
    expect(await client.spublish(`${p}shard`, '1')).toBe(1);
    await waitFor('the message', () => heard.length === 1);
    expect(heard).toEqual([`${p}shard 1`]);
    subscriber.disconnect();
  });

  test('commands defined by scripts, also after SCRIPT FLUSH', async () => {
    client.defineCommand('bump', {
      numberOfKeys: 1,
      lua: 'return redis.call("INCRBY", KEYS[1], ARGV[1])',
    });
    const keys = Array.from({ length: 20 }, (_, i) => `${p}bump:${i}`);
    await Promise.all(keys.map((key) => client.bump(key, 2)));
    await stage.callEachServer('SCRIPT', 'FLUSH');
    expect(await Promise.all(keys.map((key) => client.bump(key, 3)))).toEqual(keys.map(() => 5));
  });

  test('SCRIPT LOAD makes EVALSHA work for every key', async () => {
    const sha = String(await client.script('LOAD', `return "${p}" .. KEYS[1]`));
    const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
    expect(await client.script('EXISTS', sha)).toEqual([1]);
    expect(await Promise.all(keys.map((key) => client.evalsha(sha, 1, key)))).toEqual(
      keys.map((key) => `${p}${key}`),
    );
    await client.script('FLUSH');
    expect(await client.script('EXISTS', sha)).toEqual([0]);
    await expect(client.evalsha(sha, 1, 'key:0')).rejects.toThrow(/^NOSCRIPT/);
  });

  test('scanStream finds every key', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `${p}scan:${i}`);
    await client.mset(keys.flatMap((key) => [key, 'v']));
    const found = new Set<string>();
    for await (const batch of client.scanStream({ match: `${p}scan:*`, count: 100 })) {
      for (const key of batch) found.add(String(key));
    }
    expect([...found].sort()).toEqual([...keys].sort());
  });

  test('blocking commands', async () => {
    const waiter = client.duplicate();
    expect(await waiter.blpop(`${p}queue`, 0.01)).toBe(null);
    const popped = waiter.blpop(`${p}queue`, 0);
    await client.rpush(`${p}queue`, 'job');
    expect(await popped).toEqual([`${p}queue`, 'job']);
    const read = waiter.xread('BLOCK', 0, 'STREAMS', `${p}log`, '0');
    await client.xadd(`${p}log`, '1-1', 'f', 'v');
    expect(await read).toEqual([[`${p}log`, [['1-1', ['f', 'v']]]]]);
    waiter.disconnect();
  });

  test('consumer groups', async () => {
    const log = `${p}group`;
    await client.xgroup('CREATE', log, 'g', '$', 'MKSTREAM');
    await client.xadd(log, '1-1', 'f', 'v');
    expect(await client.xreadgroup('GROUP', 'g', 'me', 'COUNT', 1, 'STREAMS', log, '>')).toEqual([
      [log, [['1-1', ['f', 'v']]]],
    ]);
    expect(await client.xack(log, 'g', '1-1')).toBe(1);
  });

  test('automatic pipelining', async () => {
    const automatic = client.duplicate({ enableAutoPipelining: true });
    const indexes = Array.from({ length: 1_000 }, (_, i) => i);
    await Promise.all(indexes.map((i) => automatic.set(`${p}auto:${i}`, i)));
    const values = await Promise.all(indexes.map((i) => automatic.get(`${p}auto:${i}`)));
    expect(values).toEqual(indexes.map(String));
    automatic.disconnect();
  });
});

test('ioredis connects again and subscribes again after a restart', async () => {
  const client = new Redis({ port: stage.port });
  const subscriber = client.duplicate();
  const heard: string[] = [];
  for (const one of [client, subscriber]) one.on('error', () => undefined);
  subscriber.on('message', (_channel, text) => heard.push(text));
  await subscriber.subscribe('io:news');
  await client.set('io:before', '1');
  await stage.restart();
  await client.set('io:after', '2');
  expect(await client.get('io:after')).toBe('2');
  await waitFor('the subscription', async () => (await client.publish('io:news', 'again')) === 1);
  await waitFor('the message', () => heard.includes('again'));
  client.disconnect();
  subscriber.disconnect();
});
