import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const MIB = 1024 * 1024;
const IS_LONG = process.env.SLOTGATE_LONG_TESTS === '1';
/** Of the whole process; the tests must not need more at any time. */
const LIMIT_BYTES = (IS_LONG ? 256 : 160) * MIB;
const LARGE_VALUE_BYTES = (IS_LONG ? 512 : 192) * MIB;
const CONNECTIONS = IS_LONG ? 50_000 : 5_000;
const WAVE = 100;
const GROWTH_BYTES_MAX = 8 * MIB;
const STALLED_CLIENTS = 100;
const STALLED_GETS = 10;
const HONEST_CALLS = 200;
const IDLE_CLIENTS = 10_000;
const CLIENT_BYTES_MAX = 1024;
const PIPELINED = 1_000_000;
/** What a burst may leave, and for how long. */
const LEFT_BYTES_MAX = 32 * MIB;
const LEFT_MS_MAX = 60_000;
const CHUNK = Buffer.alloc(MIB, 'v');

let cluster: TestCluster;
let proxy: TestProxy;
let honest: TestClient;
let idleBytes: number;
beforeAll(async () => {
  cluster = await TestCluster.start({ primaries: 1 });
  await cluster.server(0).call('SET', 'large', 'v'.repeat(MIB));
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: ['--max-memory-bytes', String(LIMIT_BYTES), '--max-clients', '11000'],
  });
  honest = await proxy.connect();
  await honest.call('SET', 'key', 'value');
  idleBytes = proxy.residentBytes();
});
afterAll(async () => {
  honest?.close();
  await proxy?.stop();
  await cluster?.stop();
});

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Reads and forgets so many bytes. @returns The first of them. */
function skim(socket: Socket, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let missing = bytes;
    let beginning = '';
    socket.on('data', (data: Buffer) => {
      beginning ||= data.toString('latin1', 0, 32);
      missing -= data.length;
      if (missing <= 0) resolve(beginning);
    });
    socket.once('close', () => reject(new Error(`closed with ${missing} bytes missing`)));
  });
}

/** Others go on meanwhile: what malloc keeps must come back without a pause in the traffic. */
async function untilMemoryIsBack(): Promise<void> {
  await waitFor(
    'the memory of the burst to be given back',
    async () => {
      expect(await honest.call('GET', 'key')).toBe('value');
      const left = proxy.residentBytes() - idleBytes;
      if (left > LEFT_BYTES_MAX) throw new Error(`${(left / MIB).toFixed(1)} MiB are left`);
      return true;
    },
    { timeoutMs: LEFT_MS_MAX, intervalMs: 100 },
  );
}

test('clients that never read stay below the limit, and others are served', async () => {
  const request = '*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n'.repeat(STALLED_GETS);
  const stalled = await Promise.all(Array.from({ length: STALLED_CLIENTS }, open));
  for (const socket of stalled) {
    socket.pause();
    socket.write(request);
  }
  for (let call = 0; call < HONEST_CALLS; call++) {
    expect(await honest.call('SET', 'key', 'value')).toBe('OK');
    expect(await honest.call('GET', 'key')).toBe('value');
    await sleep(10);
  }
  expect(await proxy.metric('slotgate_memory_stops_total')).toBeGreaterThan(0);
  expect(proxy.peakResidentBytes()).toBeLessThan(LIMIT_BYTES);
  for (const socket of stalled) {
    socket.destroy();
  }
  await untilMemoryIsBack();
}, 120_000);

test('a value larger than the limit passes through', async () => {
  const socket = await open();
  socket.write(`*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n$${LARGE_VALUE_BYTES}\r\n`);
  for (let left = LARGE_VALUE_BYTES; left > 0; left -= CHUNK.length) {
    if (!socket.write(CHUNK)) await once(socket, 'drain');
  }
  socket.write('\r\n');
  expect(await skim(socket, 5)).toBe('+OK\r\n');
  const header = `$${LARGE_VALUE_BYTES}\r\n`;
  const reply = skim(socket, header.length + LARGE_VALUE_BYTES + 2);
  socket.write('*2\r\n$3\r\nGET\r\n$4\r\nhuge\r\n');
  expect((await reply).startsWith(header)).toBe(true);
  socket.destroy();
  expect(await honest.call('DEL', 'huge')).toBe(1);
  expect(proxy.peakResidentBytes()).toBeLessThan(LIMIT_BYTES);
}, 240_000);

test(`${CONNECTIONS} connections that come and go leave nothing`, async () => {
  const openAndClose = async () => {
    const socket = await open();
    const reply = skim(socket, 7);
    socket.write('PING\r\n');
    expect(await reply).toBe('+PONG\r\n');
    socket.destroy();
  };
  const wave = () => Promise.all(Array.from({ length: WAVE }, openAndClose));
  for (let count = 0; count < 5; count++) {
    await wave();
  }
  const before = proxy.residentBytes();
  for (let left = CONNECTIONS; left > 0; left -= WAVE) {
    await wave();
  }
  expect(proxy.residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
  await waitFor('one client', async () => {
    if ((await proxy.metric('slotgate_clients')) === 1) return true;
    throw new Error(await honest.text('CLIENT', 'LIST'));
  });
}, 240_000);

test.runIf(IS_LONG)(
  `${IDLE_CLIENTS} idle clients`,
  async () => {
    const before = proxy.residentBytes();
    const sockets: Socket[] = [];
    while (sockets.length < IDLE_CLIENTS) {
      sockets.push(...(await Promise.all(Array.from({ length: WAVE }, open))));
    }
    const all = async () => (await proxy.metric('slotgate_clients')) === IDLE_CLIENTS + 1;
    await waitFor('all clients', all);
    expect(proxy.residentBytes() - before).toBeLessThan(IDLE_CLIENTS * CLIENT_BYTES_MAX);
    for (const socket of sockets) socket.destroy();
    await untilMemoryIsBack();
  },
  120_000,
);

test.runIf(IS_LONG)(
  `a pipeline of ${PIPELINED} commands`,
  async () => {
    const socket = await open();
    const reply = skim(socket, '$5\r\nvalue\r\n'.length * PIPELINED);
    socket.write('*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n'.repeat(PIPELINED));
    expect((await reply).startsWith('$5\r\nvalue\r\n')).toBe(true);
    socket.destroy();
    expect(proxy.peakResidentBytes()).toBeLessThan(LIMIT_BYTES);
    await untilMemoryIsBack();
  },
  240_000,
);
