import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { RawClient } from '../support/raw-client.js';
import { waitFor } from '../support/wait.js';

const MIB = 1024 * 1024;
const IDLE_BYTES_MAX = 64 * MIB;
const CLIENTS = 2000;
/** Clients that work at the same time; the others are idle. */
const WAVE = 50;
const WARM_UP_CLIENTS = 4 * WAVE;
const BURST_BYTES = 64 * 1024;
const REQUEST = '*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n';
const VALUE = 'v'.repeat(64);
const REPLY_BYTES = `$${VALUE.length}\r\n${VALUE}\r\n`.length;
const CLIENT_BYTES_MAX = 1024;
const STALLED_REQUESTS = 300_000;
const STALLED_BYTES_MAX = 32 * MIB;
/** What a burst needed goes back to the system when traffic has rested for some seconds. */
const REST_MS = 7000;

let cluster: TestCluster;
/** Has no clients. */
let idle: TestProxy;
let busy: TestProxy;
const clients: RawClient[] = [];
beforeAll(async () => {
  cluster = await TestCluster.start({ primaries: 1 });
  await cluster.server(0).call('SET', 'key', VALUE);
  [idle, busy] = await Promise.all([
    TestProxy.start({ seeds: cluster.seeds }),
    TestProxy.start({ seeds: cluster.seeds }),
  ]);
});
afterAll(async () => {
  for (const client of clients) {
    client.close();
  }
  await Promise.all([idle?.stop(), busy?.stop()]);
  await cluster?.stop();
});

function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** Without the heap of JavaScript, whose size changes by some MiB with the idle time of the machine. */
async function nativeBytes(proxy: TestProxy): Promise<number> {
  return proxy.residentBytes() - (await proxy.metric('nodejs_heap_size_total_bytes'));
}

/** Waits until the proxy has no more than this; fails with what it has at the end. */
async function untilAtMost(bytes: number, measure: () => number | Promise<number>): Promise<void> {
  await waitFor(
    `at most ${inMib(bytes)}`,
    async () => {
      const now = await measure();
      if (now > bytes) {
        throw new Error(`${inMib(now)} resident`);
      }
      return true;
    },
    { timeoutMs: 30_000, intervalMs: 250 },
  );
}

/** A client that has sent its burst, read all replies, and rests. */
async function burstAndRest(): Promise<void> {
  const client = await busy.connectRaw();
  clients.push(client);
  const count = Math.floor(BURST_BYTES / REQUEST.length);
  client.send(REQUEST.repeat(count));
  await client.take(count * REPLY_BYTES);
}

async function openClients(count: number): Promise<void> {
  for (let left = count; left > 0; left -= WAVE) {
    await Promise.all(Array.from({ length: Math.min(WAVE, left) }, burstAndRest));
  }
}

test('clients that did a burst and rest cost at most 1 KiB each', async () => {
  // The first clients also cost what all of them share.
  await openClients(WARM_UP_CLIENTS);
  await sleep(REST_MS);
  const before = await nativeBytes(busy);
  await openClients(CLIENTS);
  expect(await busy.metric('slotgate_clients')).toBe(WARM_UP_CLIENTS + CLIENTS);
  await untilAtMost(before + CLIENTS * CLIENT_BYTES_MAX, () => nativeBytes(busy));
}, 60_000);

test('a client that pipelines without reading is bounded', async () => {
  const bytesTaken = () => busy.metric('slotgate_bytes_total', 'flow="client_in"');
  const bytesBefore = await bytesTaken();
  const memoryBefore = busy.residentBytes();
  const client = await busy.connectRaw();
  clients.push(client);
  client.socket.pause();
  client.send(REQUEST.repeat(STALLED_REQUESTS));
  let taken = bytesBefore;
  let memory = memoryBefore;
  await waitFor(
    'the client to be read no more',
    async () => {
      const last = taken;
      taken = await bytesTaken();
      memory = Math.max(memory, busy.residentBytes());
      return taken > bytesBefore && taken === last;
    },
    { intervalMs: 300 },
  );
  expect(taken - bytesBefore).toBeLessThan((STALLED_REQUESTS * REQUEST.length) / 2);
  expect(memory - memoryBefore).toBeLessThanOrEqual(STALLED_BYTES_MAX);
  client.socket.resume();
  await client.take(STALLED_REQUESTS * REPLY_BYTES);
}, 60_000);

test('an idle proxy with one worker needs at most 64 MiB', async () => {
  await untilAtMost(IDLE_BYTES_MAX, () => idle.residentBytes());
});
