import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nativeAddon } from '../../src/native/index.js';
import type { FakeServer } from '../support/fake-server.js';
import { startKeyServer } from './support/key-server.js';
import { settings } from './support/plane-data.js';
import { bindTcp, findFreePort, RunningPlane } from './support/running-plane.js';

const FOR_ALL = {
  peers: [{ cidr: '', presentation: 0 }],
  senders: [],
  trustsUnixSockets: false,
};

const { Plane, startListening, closeDescriptor } = nativeAddon();
const ANSWER = { reply: Buffer.from('+OK\r\n'), closeAfter: false, protocol: 0, user: -1 } as const;

let server: FakeServer;
beforeEach(async () => {
  server = await startKeyServer();
});
afterEach(async () => {
  await server.stop();
});

/** Names of the threads of data planes, where the system tells. */
function planeThreads(): readonly string[] {
  return readdirSync('/proc/self/task')
    .map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim())
    .filter((name) => name.startsWith('slotgate-'));
}

test('stop ends the threads and every connection, with traffic, as often as it is called', async () => {
  const running = await RunningPlane.start({ servers: [server.port], workers: 2 });
  const clients = await Promise.all(Array.from({ length: 8 }, () => running.connect()));
  const requests = 'SET foo 1\r\nGET foo\r\nMGET foo bar\r\n'.repeat(50);
  for (const client of clients) {
    client.socket.on('data', () => client.send(requests));
    client.send(requests);
  }
  await expect.poll(() => running.plane.total('requests')).toBeGreaterThan(1000);
  running.plane.stop();
  running.plane.stop();
  await Promise.all(clients.map((client) => client.untilEnded()));
  await expect.poll(() => server.sockets.size).toBe(0);
  if (process.platform === 'linux') expect(planeThreads()).toEqual([]);
  running.stop();
});

test('after stop, orders do nothing, and figures stay', async () => {
  const running = await RunningPlane.start({ servers: [server.port] });
  const client = await running.connect();
  client.send('PING\r\nINFO\r\n');
  await expect.poll(() => running.controls.length).toBe(1);
  const { plane } = running;
  plane.stop();
  for (const { client: waiting } of running.controls) {
    plane.answer(waiting, ANSWER);
    plane.dispatchAgain(waiting);
  }
  plane.addDatabase(1, settings());
  plane.setSettings(0, settings());
  plane.setCommands(0, []);
  plane.preconnect(0);
  plane.letLeave(1);
  plane.makeLeave();
  plane.listen(0, 0, 0);
  await plane.stopListening(0, 0);
  expect(plane.total('requests')).toBe(2);
  running.stop();
});

describe('stopListening', () => {
  test('refuses new clients and keeps the old ones served', async () => {
    const running = await RunningPlane.start({ servers: [server.port], workers: 2 });
    const client = await running.connect();
    client.send('SET foo 1\r\n');
    await client.expect('+OK\r\n');
    await running.stopListening();
    running.plane.letLeave(0);
    client.send('PING\r\n');
    await client.expect('+PONG\r\n');
    running.stop();
  });

  test('is told also where nobody listens', async () => {
    const running = await RunningPlane.start();
    await running.plane.stopListening(0, 1_000_000);
    await running.stopListening();
    await running.stopListening();
    running.stop();
  });

  test('serves all who are connected already, however many wait', async () => {
    const port = await findFreePort();
    const fd = bindTcp(port);
    startListening(fd, 511);
    const waiting = Array.from({ length: 90 }, () => connect(port, '127.0.0.1'));
    await Promise.all(waiting.map((client) => once(client, 'connect')));
    const plane = new Plane(1, () => undefined);
    plane.addDatabase(0, settings());
    plane.listen(0, 0, fd, FOR_ALL);
    await new Promise<void>((resolve) => plane.stopListening(0, fd, false, resolve));
    closeDescriptor(fd);
    expect(plane.counters()[0]).toMatchObject({ accepted: 90, clients: 90 });
    plane.stop();
    await Promise.all(waiting.map((client) => once(client.resume(), 'close')));
  });

  test('gives the descriptor back: another plane may have it', async () => {
    const port = await findFreePort();
    const fd = bindTcp(port);
    startListening(fd, 511);
    for (let round = 0; round < 3; round++) {
      const plane = new Plane(1, () => undefined);
      plane.addDatabase(0, settings());
      plane.listen(0, 0, fd, FOR_ALL);
      const client = connect(port, '127.0.0.1');
      await once(client, 'connect');
      await expect.poll(() => plane.counters()[0]?.accepted).toBe(1);
      await new Promise<void>((resolve) => plane.stopListening(0, fd, false, resolve));
      plane.stop();
      await once(client.resume(), 'close');
    }
    closeDescriptor(fd);
  });
});

describe('garbage collection', () => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');

  async function untilCollected(reference: WeakRef<object>): Promise<void> {
    await expect
      .poll(() => {
        if (typeof collect === 'function') collect();
        return reference.deref() === undefined;
      })
      .toBe(true);
  }

  test('takes a stopped plane', async () => {
    const start = (): WeakRef<object> => {
      const plane = new Plane(2, () => undefined);
      plane.stop();
      return new WeakRef(plane);
    };
    await untilCollected(start());
  });

  test('of a plane that nobody stopped ends its threads', async () => {
    const start = (): WeakRef<object> => new WeakRef(new Plane(2, () => undefined));
    await untilCollected(start());
    if (process.platform === 'linux') await expect.poll(planeThreads).toEqual([]);
  });
});
