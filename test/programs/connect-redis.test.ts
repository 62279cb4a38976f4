import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useStage } from './support/stage.js';

const stage = useStage();

const newClient = () => createClient({ socket: { port: stage.port } });
let client: ReturnType<typeof newClient>;
beforeAll(async () => {
  client = newClient();
  client.on('error', () => undefined);
  await client.connect();
});
afterAll(() => client?.destroy());

/** A session as express-session hands it over. */
const session = (user: string, maxAgeMs = 600_000) => ({
  cookie: { originalMaxAge: maxAgeMs, expires: new Date(Date.now() + maxAgeMs) },
  user,
});

test('a session is stored, touched and destroyed', async () => {
  const store = new RedisStore({ client, prefix: 'one:' });
  await store.set('s', session('ada'));
  expect(await store.get('s')).toMatchObject({ user: 'ada' });
  expect(await client.ttl('one:s')).toBeGreaterThan(590);
  await store.touch('s', session('ada', 1_200_000));
  expect(await client.ttl('one:s')).toBeGreaterThan(1_190);
  await store.destroy('s');
  expect(await store.get('s')).toBe(null);
});

test('a session that is over is gone', async () => {
  const store = new RedisStore({ client, prefix: 'over:' });
  await store.set('s', session('ada'));
  await store.set('s', session('ada', -1));
  expect(await client.exists('over:s')).toBe(0);
});

test('all sessions are found and cleared, wherever they lie', async () => {
  const store = new RedisStore({ client, prefix: 'many:' });
  const ids = Array.from({ length: 300 }, (_, i) => `s${i}`);
  await Promise.all(ids.map((id) => store.set(id, session(id))));
  await client.set('something else', 'stays');
  expect((await store.ids()).sort()).toEqual([...ids].sort());
  expect(await store.length()).toBe(300);
  const users = (await store.all()).map(({ user }: { user: string }) => user);
  expect(users.sort()).toEqual([...ids].sort());
  await store.clear();
  expect(await store.length()).toBe(0);
  expect(await client.get('something else')).toBe('stays');
});
