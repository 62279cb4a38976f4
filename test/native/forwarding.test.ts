import { afterEach, beforeEach, expect, test } from 'vitest';
import { bulk, type FakeServer } from '../support/fake-server.js';
import { startKeyServer } from './support/key-server.js';
import { LIMITS, routesTo, settings } from './support/plane-data.js';
import { RunningPlane } from './support/running-plane.js';

// `bar` is in the lower half of the slots, `foo` in the upper.
let lower: FakeServer;
let upper: FakeServer;
let running: RunningPlane;
beforeEach(async () => {
  lower = await startKeyServer();
  upper = await startKeyServer();
  running = await RunningPlane.start({ servers: [lower.port, upper.port] });
});
afterEach(async () => {
  running.stop();
  await Promise.all([lower.stop(), upper.stop()]);
});

/** What a server was asked about keys. */
function keyCommands(server: FakeServer): readonly string[] {
  return server.received
    .filter(([name = '']) => /^(m?get|m?set|del)$/i.test(name))
    .map((args) => args.join(' '));
}

test('each request goes to the server of its slot, replies come in order', async () => {
  const client = await running.connect();
  client.send('SET foo 1\r\nSET bar 2\r\nGET foo\r\nGET bar\r\nGET none\r\n');
  await client.expect(`+OK\r\n+OK\r\n${bulk('1')}${bulk('2')}$-1\r\n`);
  expect(keyCommands(upper)).toEqual(expect.arrayContaining(['SET foo 1', 'GET foo']));
  expect(keyCommands(lower)).toEqual(expect.arrayContaining(['SET bar 2', 'GET bar']));
  expect(keyCommands(lower).join()).not.toContain('foo');
});

test('MSET, MGET and DEL over both servers are one reply each', async () => {
  const client = await running.connect();
  client.send('MSET foo 1 bar 2 {foo}x 3\r\nMGET bar none foo {foo}x\r\nDEL foo bar none\r\n');
  await client.expect(`+OK\r\n*4\r\n${bulk('2')}$-1\r\n${bulk('1')}${bulk('3')}:2\r\n`);
  expect(keyCommands(lower)).toContain('MSET bar 2');
  expect(keyCommands(upper)).toContain('MSET foo 1 {foo}x 3');
  expect(running.plane.total('split_requests')).toBe(3);
});

test('what a worker answers by itself reaches no server', async () => {
  const client = await running.connect();
  client.send('PING\r\nECHO hi\r\nSELECT 0\r\nSELECT 1\r\nCLIENT SETNAME me\r\nCLIENT GETNAME\r\n');
  await client.expect(
    `+PONG\r\n${bulk('hi')}+OK\r\n-ERR DB index is out of range\r\n+OK\r\n${bulk('me')}`,
  );
  client.send('QUIT\r\n');
  expect(await client.untilEnded()).toBe('+OK\r\n');
  expect([...lower.received, ...upper.received]).toEqual([]);
  expect(running.plane.total('local_answers')).toBe(7);
});

test('new routes hold from the next request on', async () => {
  const client = await running.connect();
  client.send('SET foo old\r\n');
  await client.expect('+OK\r\n');
  running.plane.setRoutes(0, routesTo([lower.port], 2));
  await expect.poll(() => running.plane.total('route_version')).toBe(2);
  client.send('SET foo new\r\n');
  await client.expect('+OK\r\n');
  expect(keyCommands(upper)).toEqual(['SET foo old']);
  expect(keyCommands(lower)).toEqual(['SET foo new']);
});

test('new limits hold for clients that are connected', async () => {
  const client = await running.connect();
  client.send('PING\r\n');
  await client.expect('+PONG\r\n');
  running.plane.setSettings(0, settings({ limits: { ...LIMITS, argumentsMax: 2 } }));
  // Orders are carried out in their order: when the second is, the first was.
  running.plane.setRoutes(0, routesTo([lower.port], 2));
  await expect.poll(() => running.plane.total('route_version')).toBe(2);
  client.send('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n');
  expect(await client.untilEnded()).toBe('-ERR Protocol error: invalid multibulk length\r\n');
});
