import { BasicClientSideCache, createClient, defineScript, WatchError } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../support/wait.js';
import { useStage } from './support/stage.js';

const stage = useStage();

const scripts = {
  bump: defineScript({
    SCRIPT: 'return redis.call("INCRBY", KEYS[1], ARGV[1])',
    NUMBER_OF_KEYS: 1,
    parseCommand(parser, key: string, by: number) {
      parser.pushKey(key);
      parser.push(String(by));
    },
    transformReply: (reply: number) => reply,
  }),
};

/** Not connected yet; `error` events are expected when the proxy goes. */
function newClient<P extends 2 | 3>(protocol: P) {
  const client = createClient({ RESP: protocol, socket: { port: stage.port }, scripts });
  client.on('error', () => undefined);
  return client;
}

describe.each([2, 3] as const)('node-redis, RESP%i', (protocol) => {
  const p = `nr${protocol}:`;
  let client: ReturnType<typeof newClient<typeof protocol>>;
  let other: typeof client;
  beforeAll(async () => {
    client = await newClient(protocol).connect();
    other = await newClient(protocol).connect();
  });
  afterAll(() => {
    client?.destroy();
    other?.destroy();
  });

  test('data types and many slots', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `${p}${i}`);
    await client.mSet(keys.map((key, i): [string, string] => [key, `${i}`]));
    const backwards = [...keys].reverse();
    expect(await client.mGet(backwards)).toEqual(backwards.map((_, i) => String(99 - i)));
    await client.hSet(`${p}hash`, { a: '1', b: '2' });
    expect({ ...(await client.hGetAll(`${p}hash`)) }).toEqual({ a: '1', b: '2' });
    await client.zAdd(`${p}zset`, [{ score: 1.5, value: 'x' }]);
    expect(await client.zRangeWithScores(`${p}zset`, 0, -1)).toEqual([{ score: 1.5, value: 'x' }]);
    await client.sAdd(`${p}set`, ['m', 'n']);
    expect((await client.sMembers(`${p}set`)).sort()).toEqual(['m', 'n']);
    await client.xAdd(`${p}stream`, '1-1', { field: 'value' });
    expect(await client.xRange(`${p}stream`, '-', '+')).toEqual([
      { id: '1-1', message: { field: 'value' } },
    ]);
    expect(await client.get(`${p}none`)).toBe(null);
    expect(await client.del(keys)).toBe(100);
    await expect(client.lPush(`${p}hash`, 'x')).rejects.toThrow(/WRONGTYPE/);
  });

  test('10,000 values, by automatic pipelining', async () => {
    const indexes = Array.from({ length: 10_000 }, (_, i) => i);
    await Promise.all(indexes.map((i) => client.set(`${p}auto:${i}`, `value ${i}`)));
    const values = await Promise.all(indexes.map((i) => client.get(`${p}auto:${i}`)));
    expect(values.findIndex((value, i) => value !== `value ${i}`)).toBe(-1);
  });

  test('transactions in one slot, pipelines over many', async () => {
    const at = `{${p}multi}`;
    const replies = await client.multi().set(`${at}n`, '1').incr(`${at}n`).get(`${at}n`).exec();
    expect(replies).toEqual(['OK', 2, '2']);
    const pipeline = client.multi();
    for (let i = 0; i < 300; i++) pipeline.incr(`${p}count:${i % 100}`);
    const counted = await pipeline.execAsPipeline();
    expect(counted).toEqual(Array.from({ length: 300 }, (_, i) => Math.floor(i / 100) + 1));
  });

  test('WATCH notices what another client wrote', async () => {
    const key = `{${p}watch}n`;
    await client.set(key, '1');
    await client.watch(key);
    await other.incr(key);
    await expect(client.multi().set(key, '10').exec()).rejects.toThrow(WatchError);
    await client.watch(key);
    expect(await client.multi().set(key, '10').exec()).toEqual(['OK']);
  });

  test('subscriptions to channels and patterns', async () => {
    const subscriber = await newClient(protocol).connect();
    const heard: string[] = [];
    const listener = (text: string, channel: string) => heard.push(`${channel} ${text}`);
    await subscriber.subscribe([`${p}a`, `${p}b`], listener);
    await subscriber.pSubscribe(`${p}news.*`, listener);
    await subscriber.sSubscribe(`${p}shard`, listener);
    expect(await client.publish(`${p}a`, '1')).toBe(1);
    expect(await client.publish(`${p}news.x`, '2')).toBe(1);
    expect(await client.sPublish(`${p}shard`, '3')).toBe(1);
    expect(await client.publish(`${p}nobody`, '4')).toBe(0);
    await waitFor('three messages', () => heard.length === 3);
    expect(heard.sort()).toEqual([`${p}a 1`, `${p}news.x 2`, `${p}shard 3`]);
    await subscriber.unsubscribe();
    expect(await client.publish(`${p}a`, '5')).toBe(0);
    subscriber.destroy();
  });

  test('commands defined by scripts, also after SCRIPT FLUSH', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `${p}bump:${i}`);
    await Promise.all(keys.map((key) => client.bump(key, 2)));
    await stage.callEachServer('SCRIPT', 'FLUSH');
    expect(await Promise.all(keys.map((key) => client.bump(key, 3)))).toEqual(keys.map(() => 5));
  });

  test('scanIterator finds every key', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `${p}scan:${i}`);
    await client.mSet(keys.map((key): [string, string] => [key, 'v']));
    const found = new Set<string>();
    for await (const batch of client.scanIterator({ MATCH: `${p}scan:*`, COUNT: 100 })) {
      for (const key of batch) found.add(String(key));
    }
    expect([...found].sort()).toEqual([...keys].sort());
  });

  test('blocking commands', async () => {
    const waiter = await newClient(protocol).connect();
    expect(await waiter.blPop(`${p}queue`, 0.01)).toBe(null);
    const popped = waiter.blPop(`${p}queue`, 0);
    await client.rPush(`${p}queue`, 'job');
    expect(await popped).toEqual({ key: `${p}queue`, element: 'job' });
    waiter.destroy();
  });

  test('a pool', async () => {
    const pool = client.createPool({ minimum: 2, maximum: 4 });
    pool.on('error', () => undefined);
    await pool.connect();
    const indexes = Array.from({ length: 100 }, (_, i) => i);
    await Promise.all(indexes.map((i) => pool.set(`${p}pool:${i}`, `${i}`)));
    expect(await pool.get(`${p}pool:99`)).toBe('99');
    pool.destroy();
  });
});

test('a client-side cache forgets what another client wrote', async () => {
  const cache = new BasicClientSideCache();
  const cached = createClient({
    RESP: 3,
    socket: { port: stage.port },
    clientSideCache: cache,
  });
  cached.on('error', () => undefined);
  await cached.connect();
  const writer = await newClient(3).connect();
  const keys = Array.from({ length: 50 }, (_, i) => `nr:cached:${i}`);
  await Promise.all(keys.map((key) => writer.set(key, 'old')));
  await Promise.all(keys.map((key) => cached.get(key)));
  expect(await Promise.all(keys.map((key) => cached.get(key)))).toEqual(keys.map(() => 'old'));
  expect(cache.stats().hitCount).toBe(50);
  await Promise.all(keys.map((key) => writer.set(key, 'new')));
  await waitFor('every key to be invalidated', () => cache.size() === 0);
  expect(await Promise.all(keys.map((key) => cached.get(key)))).toEqual(keys.map(() => 'new'));
  cached.destroy();
  writer.destroy();
});

test('node-redis connects again and subscribes again after a restart', async () => {
  const client = await newClient(3).connect();
  const subscriber = await newClient(3).connect();
  const heard: string[] = [];
  await subscriber.subscribe('nr:news', (text) => heard.push(text));
  await client.set('nr:before', '1');
  await stage.restart();
  await client.set('nr:after', '2');
  expect(await client.get('nr:after')).toBe('2');
  await waitFor('the subscription', async () => (await client.publish('nr:news', 'again')) === 1);
  await waitFor('the message', () => heard.includes('again'));
  client.destroy();
  subscriber.destroy();
});
