import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { encodeRequest } from '../support/raw-client.js';

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

/** Sends a blocking command, then says that nothing more will come. */
async function askAndLeave(key: string, waitMs: number): Promise<void> {
  const client = await proxy.connectRaw();
  client.send(encodeRequest(['BLPOP', key, 0]));
  await sleep(waitMs);
  client.end();
  await client.untilEnded();
  client.close();
}

// Without delay the end arrives together with the command, before anybody waits at a server.
test.each([0, 1, 20, 100])('nothing is taken for a client that leaves after %i ms', async (ms) => {
  const keys = Array.from({ length: 20 }, (_, i) => `left:${ms}:${i}`);
  await Promise.all(keys.map((key) => askAndLeave(key, ms)));
  const client = await proxy.connect();
  for (const key of keys) await client.call('RPUSH', key, 'element');
  const lengths = await Promise.all(keys.map((key) => client.call('LLEN', key)));
  expect(lengths).toEqual(keys.map(() => 1));
  client.close();
});
