import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { RawClient } from '../support/raw-client.js';
import { waitFor } from '../support/wait.js';

/** As much as an address may do at once, and per second. */
const CONNECTIONS = 20;
const COMMANDS = 200;
const REFUSAL = '-ERR too many new connections from this address; try again later\r\n';

let cluster: TestCluster;
let proxy: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start({ primaries: 1 });
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: [
      ...['--max-address-connections-per-second', String(CONNECTIONS)],
      ...['--max-client-commands-per-second', String(COMMANDS)],
    ],
  });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

test('commands over the rate are answered later, all of them and in order', async () => {
  const client = await proxy.connect();
  const count = COMMANDS + COMMANDS / 2;
  const replies = await Promise.all(
    Array.from({ length: count }, () => client.call('INCR', 'counter')),
  );
  expect(replies).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  expect(await proxy.metric('slotgate_rate_pauses_total')).toBeGreaterThan(0);
  client.close();
});

test('connections over the rate are refused with an error, others are served', async () => {
  const event = (name: string) => proxy.metric('slotgate_connections_total', `event="${name}"`);
  const before = (await event('accepted')) + (await event('refused_for_rate'));
  // Far more than are regained meanwhile.
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS * 20 }, () => proxy.connectRaw()),
  );
  await waitFor('all connections to be dealt with', async () => {
    const dealtWith = (await event('accepted')) + (await event('refused_for_rate'));
    return dealtWith === before + clients.length;
  });
  const count = await event('refused_for_rate');
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(clients.length);
  await waitFor('the refused ones to be told', () => clients.filter(isEnded).length === count);
  for (const client of clients) {
    if (client.isEnded) {
      expect(client.text).toBe(REFUSAL);
    } else {
      client.send('PING\r\n');
      await client.expect('+PONG\r\n');
    }
    client.close();
  }
});

function isEnded(client: RawClient): boolean {
  return client.isEnded;
}
