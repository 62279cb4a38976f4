import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';

const LIMIT_MS = '3000';

let cluster: TestCluster;
let proxy: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start({ primaries: 1 });
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: ['--client-idle-timeout-ms', LIMIT_MS, '--partial-request-timeout-ms', LIMIT_MS],
  });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

test('an idle client is closed without a word; one that waits and one that subscribes are not', async () => {
  const subscriber = await proxy.connectRaw();
  subscriber.send('SUBSCRIBE news\r\n');
  await subscriber.expect('*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n');
  const waiting = await proxy.connectRaw();
  waiting.send('BLPOP list 0\r\n');
  const idle = await proxy.connectRaw();
  idle.send('CONFIG GET timeout\r\n');
  await idle.expect('*2\r\n$7\r\ntimeout\r\n$1\r\n3\r\n');

  expect(await idle.untilEnded()).toBe('');
  expect(await proxy.metric('slotgate_connections_total', 'closed_as_idle')).toBe(1);
  const other = await proxy.connect();
  await other.call('RPUSH', 'list', 'element');
  await waiting.expect('*2\r\n$4\r\nlist\r\n$7\r\nelement\r\n');
  await other.call('PUBLISH', 'news', 'text');
  await subscriber.expect('*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$4\r\ntext\r\n');
  for (const client of [subscriber, waiting, idle, other]) {
    client.close();
  }
});

test('a client that stops amid a request is told so and closed', async () => {
  const client = await proxy.connectRaw();
  client.send('PING\r\n*2\r\n$3\r\nGET\r\n$5\r\nab');
  expect(await client.untilEnded()).toBe(
    `+PONG\r\n-ERR Protocol error: request not completed within ${LIMIT_MS} ms\r\n`,
  );
  const event = 'closed_for_unfinished_request';
  expect(await proxy.metric('slotgate_connections_total', event)).toBe(1);
  client.close();
});
