import { afterAll, beforeAll, expect, test } from 'vitest';
import { coreTable } from '../../src/commands/index.js';
import type { TestClient } from '../support/resp-client.js';
import { RealServer } from '../support/server.js';

/** Commands by row, on what `prepare` makes; the keys end in letters a to d. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  hmset: ['HMSET h:a f 1 g 2', 'HMSET new:a f 1'],
  mset: ['MSET s:a 1 s:b 2', 'MSET h:a 1 new:a 2 new:a 3'],
  pfmerge: ['PFMERGE p:a p:b', 'PFMERGE new:a p:a p:b', 'PFMERGE p:a'],
  psetex: ['PSETEX s:a 100000 1', 'PSETEX new:a 0 1'],
  set: ['SET s:a 1', 'SET h:a 1', 'SET t:a 1 EX 100', 'SET s:a 1 PX 100000', 'SET s:a 1 EXAT 9'],
  setex: ['SETEX s:a 100 1', 'SETEX h:a 100 1'],
  setrange: ['SETRANGE s:a 2 xyz', 'SETRANGE new:a 5 x', 'SETRANGE s:a 1 ""'],
  sinterstore: ['SINTERSTORE m:a m:a m:b', 'SINTERSTORE m:a m:b m:c', 'SINTERSTORE m:a m:d'],
  sunionstore: ['SUNIONSTORE m:a m:a m:b', 'SUNIONSTORE new:a m:b m:c', 'SUNIONSTORE s:a m:d'],
};

let server: RealServer;
let client: TestClient;
beforeAll(async () => {
  server = await RealServer.start();
  client = await server.connect();
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

async function prepare(): Promise<void> {
  await client.call('FLUSHALL');
  for (const line of ['SET s:a old', 'SET t:a old EX 50', 'HSET h:a f 0 e 5']) {
    await client.call(...line.split(' '));
  }
  await client.call('PFADD', 'p:a', '1', '2');
  await client.call('PFADD', 'p:b', '2', '3');
  await client.call('SADD', 'm:a', '1', '2');
  await client.call('SADD', 'm:b', '2', '3');
  await client.call('SADD', 'm:c', '3', '4');
}

/** Types, values, and whether there is a time to live: all that a client can see but the clock. */
async function state(): Promise<unknown> {
  const keys = (await client.call('KEYS', '*')) as readonly string[];
  const facts = [...keys].sort().map(async (key) => {
    const isVolatile = Number(await client.call('PTTL', key)) > 0;
    return [key, isVolatile, await client.call('DUMP', key)];
  });
  return Promise.all(facts);
}

function run(line: string): Promise<unknown> {
  const words = line.split(' ').map((word) => (word === '""' ? '' : word));
  return client.call(...words).catch((error: Error) => error.message);
}

test('every write that is sent again has examples', () => {
  const rows = coreTable().rows.filter(({ retry }) => retry.kind !== 'never');
  expect(Object.keys(EXAMPLES).sort()).toEqual(rows.map(({ name }) => name).sort());
});

test.each(Object.values(EXAMPLES).flat())('%s: twice is as once', async (line) => {
  await prepare();
  const reply = await run(line);
  const once = await state();
  expect(await run(line)).toEqual(reply);
  expect(await state()).toEqual(once);
});
