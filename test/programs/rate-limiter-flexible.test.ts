import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useStage } from './support/stage.js';

const stage = useStage();

const drivers = [
  {
    name: 'ioredis',
    async open() {
      const client = new Redis({ port: stage.port });
      return { client, close: () => client.disconnect() };
    },
  },
  {
    name: 'node-redis',
    async open() {
      const client = createClient({ socket: { port: stage.port } });
      client.on('error', () => undefined);
      await client.connect();
      return { client, close: () => client.destroy() };
    },
  },
];

describe.each(drivers)('rate-limiter-flexible over $name', ({ name, open }) => {
  let driver: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    driver = await open();
  });
  afterAll(() => driver?.close());

  const limiter = (points: number) =>
    new RateLimiterRedis({
      storeClient: driver.client,
      useRedisPackage: name === 'node-redis',
      keyPrefix: name,
      points,
      duration: 600,
    });

  test('counts until the points are used up', async () => {
    const limit = limiter(3);
    const first = await limit.consume('user:1');
    expect([first.consumedPoints, first.remainingPoints, first.isFirstInDuration]).toEqual([
      1,
      2,
      true,
    ]);
    await limit.consume('user:1', 2);
    const refused = await limit.consume('user:1').catch((reason: unknown) => reason);
    expect(refused).toBeInstanceOf(RateLimiterRes);
    expect(refused).toMatchObject({ consumedPoints: 4, remainingPoints: 0 });
    expect((await limit.get('user:1'))?.msBeforeNext).toBeGreaterThan(500_000);
  });

  test('many keys at once, after SCRIPT FLUSH too', async () => {
    const limit = limiter(100);
    const users = Array.from({ length: 50 }, (_, i) => `many:${i}`);
    await Promise.all(users.map((user) => limit.consume(user)));
    await stage.callEachServer('SCRIPT', 'FLUSH');
    const seconds = await Promise.all(users.map((user) => limit.consume(user)));
    expect(seconds.map((result) => result.consumedPoints)).toEqual(users.map(() => 2));
  });

  test('penalty, reward, block, delete', async () => {
    const limit = limiter(10);
    await limit.penalty('user:2', 4);
    expect((await limit.reward('user:2', 1)).consumedPoints).toBe(3);
    await limit.block('user:2', 600);
    expect((await limit.get('user:2'))?.remainingPoints).toBe(0);
    expect(await limit.delete('user:2')).toBe(true);
    expect(await limit.get('user:2')).toBe(null);
  });
});
