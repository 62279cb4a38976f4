import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { Subscriber } from '../support/subscriber.js';

const MANY = 1_000;
const THREADS = 2;
/** Tags of slots of the first, second and third shard. */
const TAGS = ['c', 'b', 'a'];

let cluster: TestCluster;
let proxy: TestProxy;
let publisher: TestClient;
beforeAll(async () => {
  cluster = await TestCluster.start({ extraConfig: { 'notify-keyspace-events': 'KEA' } });
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: ['--threads', String(THREADS), '--max-subscriber-output-bytes', '65536'],
  });
  publisher = await proxy.connect();
});
afterAll(async () => {
  publisher?.close();
  await proxy?.stop();
  await cluster?.stop();
});

async function subscribers(count: number, protocol: 2 | 3 = 2): Promise<readonly Subscriber[]> {
  return Promise.all(Array.from({ length: count }, () => Subscriber.connect(proxy.port, protocol)));
}

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  test('channels, patterns and shard channels are confirmed, delivered and ended', async () => {
    const client = await Subscriber.connect(proxy.port, protocol);
    client.send('SUBSCRIBE', 'news', 'sport');
    await client.expect(['subscribe', 'news', 1], ['subscribe', 'sport', 2]);
    await client.subscribe('PSUBSCRIBE', 'n?ws', 3);
    await client.subscribe('SSUBSCRIBE', 'shard', 1);

    expect(await publisher.call('PUBLISH', 'news', 'one')).toBe(2);
    await client.expect(['message', 'news', 'one'], ['pmessage', 'n?ws', 'news', 'one']);
    expect(await publisher.call('SPUBLISH', 'shard', 'two')).toBe(1);
    await client.expect(['smessage', 'shard', 'two']);
    expect(await publisher.call('PUBLISH', 'shard', 'nobody')).toBe(0);

    client.send('UNSUBSCRIBE', 'news', 'unknown');
    await client.expect(['unsubscribe', 'news', 2], ['unsubscribe', 'unknown', 2]);
    client.send('UNSUBSCRIBE');
    await client.expect(['unsubscribe', 'sport', 1]);
    client.send('PUNSUBSCRIBE');
    await client.expect(['punsubscribe', 'n?ws', 0]);
    client.send('SUNSUBSCRIBE');
    await client.expect(['sunsubscribe', 'shard', 0]);
    expect(await publisher.call('PUBLISH', 'news', 'three')).toBe(0);
    client.close();
  });

  test('messages of one client stay in their order', async () => {
    const client = await Subscriber.connect(proxy.port, protocol);
    await client.subscribe('SUBSCRIBE', 'order');
    const numbers = Array.from({ length: 300 }, (_, i) => String(i));
    await Promise.all(numbers.map((number) => publisher.call('PUBLISH', 'order', number)));
    await client.expect(...numbers.map((number) => ['message', 'order', number]));
    client.close();
  });

  test('keyspace events of every shard arrive', async () => {
    const client = await Subscriber.connect(proxy.port, protocol);
    await client.subscribe('PSUBSCRIBE', '__keyspace@0__:{*}events');
    for (const tag of TAGS) {
      await publisher.call('SET', `{${tag}}events`, '1');
      const channel = `__keyspace@0__:{${tag}}events`;
      await client.expect(['pmessage', '__keyspace@0__:{*}events', channel, 'set']);
    }
    client.close();
  });
});

test('a RESP2 subscriber may do little, a RESP3 subscriber everything', async () => {
  const old = await Subscriber.connect(proxy.port, 2);
  await old.subscribe('SUBSCRIBE', 'news');
  old.send('GET', 'x');
  await old.raw.expect(
    "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET " +
      'are allowed in this context\r\n',
  );
  old.send('PING');
  await old.raw.expect('*2\r\n$4\r\npong\r\n$0\r\n\r\n');
  const modern = await Subscriber.connect(proxy.port, 3);
  await modern.subscribe('SUBSCRIBE', 'news');
  modern.send('SET', 'x', '1');
  await modern.raw.expect('+OK\r\n');
  modern.send('PING');
  await modern.raw.expect('+PONG\r\n');
  old.close();
  modern.close();
});

test('RESET ends subscriptions; CLIENT REPLY OFF does not silence them', async () => {
  const client = await Subscriber.connect(proxy.port, 3);
  client.send('CLIENT', 'REPLY', 'OFF');
  await client.subscribe('SUBSCRIBE', 'quiet');
  expect(await publisher.call('PUBLISH', 'quiet', '1')).toBe(1);
  await client.expect(['message', 'quiet', '1']);
  client.send('RESET');
  await client.raw.expect('+RESET\r\n');
  expect(await publisher.call('PUBLISH', 'quiet', '2')).toBe(0);
  client.send('GET', 'nothing');
  await client.raw.expect('$-1\r\n');
  client.close();
});

test('all shard channels of one SSUBSCRIBE share a slot', async () => {
  const client = await Subscriber.connect(proxy.port, 2);
  client.send('SSUBSCRIBE', '{a}1', '{b}1');
  await client.raw.expect("-CROSSSLOT Keys in request don't hash to the same slot\r\n");
  client.send('SSUBSCRIBE', '{a}1', '{a}2');
  await client.expect(['ssubscribe', '{a}1', 1], ['ssubscribe', '{a}2', 2]);
  client.close();
});

test(`${MANY} subscribers need one subscription per worker, and are counted one by one`, async () => {
  const all = await subscribers(MANY);
  await Promise.all(all.map((client) => client.subscribe('SUBSCRIBE', 'crowd')));
  const links = (await cluster.server(0).call('PUBSUB', 'NUMSUB', 'crowd')) as [string, number];
  expect(links[1]).toBe(THREADS);
  const direct = await cluster.server(0).connect();
  await direct.call('SUBSCRIBE', 'crowd');
  expect(await publisher.call('PUBSUB', 'NUMSUB', 'crowd', 'nobody')).toEqual([
    ...['crowd', MANY + 1],
    ...['nobody', 0],
  ]);
  expect(await publisher.call('PUBLISH', 'crowd', 'hello')).toBe(MANY + 1);
  await Promise.all(all.map((client) => client.expect(['message', 'crowd', 'hello'])));
  for (const client of all) client.close();
  direct.close();
});

test('PUBSUB tells what the clients have, not what the links have', async () => {
  const [one, two] = await subscribers(2);
  if (one === undefined || two === undefined) throw new Error('no clients');
  await one.subscribe('SUBSCRIBE', 'told:1');
  await two.subscribe('SUBSCRIBE', 'told:1');
  await two.subscribe('SUBSCRIBE', 'told:2', 2);
  await two.subscribe('SSUBSCRIBE', 'told:shard', 1);
  await two.subscribe('PSUBSCRIBE', 'told?*', 3);
  expect(await publisher.call('PUBSUB', 'NUMSUB', 'told:1', 'told:2')).toEqual([
    ...['told:1', 2],
    ...['told:2', 1],
  ]);
  expect(await publisher.call('PUBSUB', 'SHARDNUMSUB', 'told:shard')).toEqual(['told:shard', 1]);
  expect(await publisher.call('PUBSUB', 'SHARDCHANNELS', 'told*')).toEqual(['told:shard']);
  expect(await publisher.call('PUBSUB', 'NUMPAT')).toBe(1);
  const names = async () => [
    ...((await publisher.call('PUBSUB', 'CHANNELS', 'told*')) as string[]),
  ];
  expect((await names()).sort()).toEqual(['told:1', 'told:2']);
  two.close();
  // Its links are still subscribed for a moment.
  await expect.poll(names).toEqual(['told:1']);
  const list = await publisher.text('CLIENT', 'LIST', 'TYPE', 'pubsub');
  expect(list).toMatch(/flags=P .* sub=1 psub=0 ssub=0 /);
  one.close();
});

test('a subscriber that does not read is closed, and holds up nobody', async () => {
  const slow = await Subscriber.connect(proxy.port, 2);
  const quick = await Subscriber.connect(proxy.port, 2);
  await slow.subscribe('SUBSCRIBE', 'flood');
  await quick.subscribe('SUBSCRIBE', 'flood');
  slow.raw.socket.pause();
  const text = 'x'.repeat(256 * 1024);
  let receivers = 2;
  for (let i = 0; i < 400 && receivers === 2; i++) {
    receivers = Number(await publisher.call('PUBLISH', 'flood', text));
    await quick.expect(['message', 'flood', text]);
  }
  expect(receivers).toBe(1);
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/closed_as_slow_subscriber"[^\n]* 1\n/);
  slow.close();
  quick.close();
});

test('a slot that moves takes its channels along, unseen by the subscriber', async () => {
  const slot = Number(await cluster.server(0).call('CLUSTER', 'KEYSLOT', '{a}moving'));
  const client = await Subscriber.connect(proxy.port, 2);
  await client.subscribe('SSUBSCRIBE', '{a}moving');
  const from = await cluster.ownerOf(slot);
  await cluster.migrateSlot(slot, from, 0);
  await expect
    .poll(async () => publisher.call('SPUBLISH', '{a}moving', 'probe'), { timeout: 15_000 })
    .toBe(1);
  const seen = async () => {
    await sleep(50);
    return client.raw.text;
  };
  await expect.poll(seen).toContain('$8\r\nsmessage\r\n$9\r\n{a}moving\r\n$5\r\nprobe\r\n');
  expect(client.raw.text).not.toContain('sunsubscribe');
  await cluster.migrateSlot(slot, 0, from);
  client.close();
});
