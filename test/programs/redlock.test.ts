import { Redis } from 'ioredis';
import Redlock, { ExecutionError } from 'redlock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useStage } from './support/stage.js';

const LOCK_MS = 20_000;
const stage = useStage();

let client: Redis;
beforeAll(() => {
  client = new Redis({ port: stage.port });
});
afterAll(() => client?.disconnect());

test('one holder at a time, for as long as it says', async () => {
  const locks = new Redlock([client], { retryCount: 0 });
  const lock = await locks.acquire(['lock:a'], LOCK_MS);
  await expect(locks.acquire(['lock:a'], LOCK_MS)).rejects.toThrow(ExecutionError);
  const longer = await lock.extend(2 * LOCK_MS);
  expect(await client.pttl('lock:a')).toBeGreaterThan(LOCK_MS);
  await longer.release();
  expect(await client.exists('lock:a')).toBe(0);
  const next = await locks.acquire(['lock:a'], LOCK_MS);
  await next.release();
});

test('a lock that somebody else took is not released', async () => {
  const locks = new Redlock([client], { retryCount: 0 });
  const lock = await locks.acquire(['lock:b'], LOCK_MS);
  await client.set('lock:b', 'somebody else');
  await expect(lock.release()).rejects.toThrow(ExecutionError);
  expect(await client.get('lock:b')).toBe('somebody else');
});

test('several resources in one slot; over several slots it is refused', async () => {
  const locks = new Redlock([client], { retryCount: 0 });
  const lock = await locks.acquire(['{lock}c', '{lock}d'], LOCK_MS);
  expect(await client.exists('{lock}c', '{lock}d')).toBe(2);
  await lock.release();
  await expect(locks.acquire(['lock:e', 'lock:f'], LOCK_MS)).rejects.toThrow(ExecutionError);
});

test('those who wait for a lock get it one after the other', async () => {
  const locks = new Redlock([client], { retryCount: 200, retryDelay: 10 });
  let holders = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++holders);
    await client.incr('lock:work');
    holders--;
  };
  await Promise.all(Array.from({ length: 5 }, () => locks.using(['lock:g'], LOCK_MS, work)));
  expect([most, await client.get('lock:work')]).toEqual([1, '5']);
});
