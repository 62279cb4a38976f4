import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { RawClient } from '../support/raw-client.js';
import { waitFor } from '../support/wait.js';

const OPEN_FILES = 200;
/** The proxy says so when it cannot accept. */
const COMPLAINT = 'raise the limit of open files';

let cluster: TestCluster;
let proxy: TestProxy;
const clients: RawClient[] = [];
beforeAll(async () => {
  cluster = await TestCluster.start({ primaries: 1 });
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    openFilesMax: OPEN_FILES,
    args: ['--threads', '1'],
  });
});
afterAll(async () => {
  for (const client of clients) {
    client.close();
  }
  await proxy?.stop();
  await cluster?.stop();
});

test('without file descriptors, clients are served and new ones wait', async () => {
  const early = await proxy.connect();
  expect(await early.call('SET', 'key', 'before')).toBe('OK');
  for (let count = 0; count < OPEN_FILES; count += 1) {
    const client = await proxy.connectRaw();
    clients.push(client);
    client.send('PING\r\n');
  }
  await waitFor('the descriptors to be used up', () => proxy.log.includes(COMPLAINT));
  const answered = () => clients.filter((client) => client.text === '+PONG\r\n').length;
  await waitFor('those that were accepted to be answered', () => answered() > 0);

  expect(await early.call('GET', 'key')).toBe('before');
  expect(await early.call('SET', 'key', 'after')).toBe('OK');
  const late = clients.at(-1);
  expect(late?.text).toBe('');
  expect(late?.isEnded).toBe(false);
  expect(answered()).toBeLessThan(OPEN_FILES);

  for (const client of clients.slice(0, OPEN_FILES / 2)) {
    client.close();
  }
  await waitFor('the last one to be accepted', () => late?.text === '+PONG\r\n');
  late?.send('GET key\r\n');
  await waitFor('its answer', () => late?.text === '+PONG\r\n$5\r\nafter\r\n');
  expect(await early.call('GET', 'key')).toBe('after');
  expect(clients.slice(OPEN_FILES / 2).every((client) => !client.isEnded)).toBe(true);
  early.close();
});
