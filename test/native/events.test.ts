import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DataPlaneEvent } from '../../src/native/index.js';
import { bulk, type FakeServer } from '../support/fake-server.js';
import { waitFor } from '../support/wait.js';
import { startKeyServer } from './support/key-server.js';
import { NOBODY, routesTo, SLOT_COUNT } from './support/plane-data.js';
import { RunningPlane } from './support/running-plane.js';

const FOO_SLOT = 12_182;
/** After that, a client no longer counts as one who has just connected. */
const SETTLED_MS = 600;

let server: FakeServer;
let running: RunningPlane;
beforeEach(async () => {
  server = await startKeyServer();
  running = await RunningPlane.start({ servers: [server.port] });
});
afterEach(async () => {
  running.stop();
  await server.stop();
});

async function untilEvent(kind: DataPlaneEvent['kind']): Promise<DataPlaneEvent | undefined> {
  await waitFor(`the event ${kind}`, () => running.events.some((event) => event.kind === kind));
  return running.events.find((event) => event.kind === kind);
}

test('preconnect opens links before any client comes', async () => {
  running.plane.preconnect(0);
  expect(await untilEvent('link_up')).toEqual({
    kind: 'link_up',
    database: 0,
    slot: expect.any(Number),
    server: server.address,
    text: '',
    known: false,
    count: 0,
    user: 0,
  });
  // One for clients of which nothing is known yet, and one for all others.
  expect(running.plane.total('links')).toBe(2);
});

test('a lost link is told with its server and a reason', async () => {
  running.plane.preconnect(0);
  await untilEvent('link_up');
  for (const socket of server.sockets) {
    socket.destroy();
  }
  const lost = await untilEvent('link_down');
  expect(lost?.server).toBe(server.address);
  expect(lost?.text).not.toBe('');
});

test('another node at the address', async () => {
  const [expected] = routesTo([server.port]).servers;
  const nodeId = 'a'.repeat(40);
  server.script = (args) => (args[1] === 'MYID' ? bulk('b'.repeat(40)) : '+OK\r\n');
  running.plane.setRoutes(0, {
    ...routesTo([server.port], 2),
    servers: expected === undefined ? [] : [{ ...expected, nodeId }],
  });
  running.plane.preconnect(0);
  expect(await untilEvent('wrong_node')).toMatchObject({
    server: server.address,
    text: 'b'.repeat(40),
  });
});

test('a handshake that is refused is told in the words of the server', async () => {
  server.script = () => '-NOAUTH HELLO must be called with the client already authenticated\r\n';
  running.plane.preconnect(0);
  const refused = await untilEvent('handshake_refused');
  expect(refused?.text).toContain('NOAUTH HELLO must be called');
});

test('redirects are told with their slot, target, and whether it is known', async () => {
  const target = await startKeyServer();
  server.script = (args) =>
    args[0] === 'GET' ? `-MOVED ${FOO_SLOT} ${target.address}\r\n` : '+OK\r\n';
  const client = await running.connect();
  client.send('GET foo\r\n');
  expect(await untilEvent('redirect')).toMatchObject({
    slot: FOO_SLOT,
    text: expect.stringContaining(target.address),
    known: false,
  });
  await target.stop();
});

test('requests that nobody can take now are held, and told', async () => {
  running.plane.setRoutes(0, {
    ...routesTo([server.port], 2),
    slotToServer: new Uint16Array(SLOT_COUNT).fill(NOBODY),
  });
  const client = await running.connect();
  client.send('SET foo 1\r\n');
  const holding = await untilEvent('holding');
  expect(holding).toMatchObject({ database: 0, slot: FOO_SLOT, known: true });
  expect(running.plane.total('held_now')).toBe(1);
  running.plane.setRoutes(0, routesTo([server.port], 3));
  await client.expect('+OK\r\n');
  expect(running.plane.total('held_now')).toBe(0);
});

test('the figures add up', async () => {
  const client = await running.connect();
  client.send('SET a 1\r\nGET a\r\nPING\r\n');
  await client.expect(`+OK\r\n${bulk('1')}+PONG\r\n`);
  const { plane } = running;
  expect(plane.counters()).toHaveLength(1);
  expect(plane.total('accepted')).toBe(1);
  expect(plane.total('clients')).toBe(1);
  expect(plane.total('requests')).toBe(3);
  expect(plane.total('local_answers')).toBe(1);
  expect(plane.total('client_bytes_in')).toBe('SET a 1\r\nGET a\r\nPING\r\n'.length);
  // Counted after the send, which the client may be faster than.
  await expect
    .poll(() => plane.total('client_bytes_out'))
    .toBe(`+OK\r\n${bulk('1')}+PONG\r\n`.length);
  client.send('*1\r\n$-5\r\n');
  await client.untilEnded();
  await expect.poll(() => plane.total('closed')).toBe(1);
  expect(plane.total('protocol_errors')).toBe(1);
  expect(plane.total('clients')).toBe(0);
  for (const [name, figure] of Object.entries(plane.counters()[0] ?? {})) {
    expect(Number.isSafeInteger(figure) && figure >= 0, name).toBe(true);
  }
});

test('clients that pause are let go, at most as many as asked for', async () => {
  const clients = await Promise.all([running.connect(), running.connect(), running.connect()]);
  await expect.poll(() => running.plane.total('clients')).toBe(3);
  await sleep(SETTLED_MS);
  running.plane.letLeave(2);
  await expect.poll(() => running.plane.total('clients')).toBe(1);
  await waitFor('two ends', () => clients.filter(({ isEnded }) => isEnded).length === 2);
});
