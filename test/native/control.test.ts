import { afterEach, expect, test } from 'vitest';
import { type ControlAnswer, nativeAddon } from '../../src/native/index.js';
import { bulk, type FakeServer } from '../support/fake-server.js';
import { waitFor } from '../support/wait.js';
import { startKeyServer } from './support/key-server.js';
import { coreRows, settings } from './support/plane-data.js';
import { RunningPlane, type RunningPlaneOptions } from './support/running-plane.js';

let running: RunningPlane | undefined;
let server: FakeServer | undefined;
afterEach(async () => {
  running?.stop();
  await server?.stop();
  running = server = undefined;
});

async function start(options: RunningPlaneOptions = {}): Promise<RunningPlane> {
  running = await RunningPlane.start(options);
  return running;
}

function reply(text: string, changes: Partial<ControlAnswer> = {}): ControlAnswer {
  return { reply: Buffer.from(text), closeAfter: false, protocol: 0, user: -1, ...changes };
}

async function untilControls(from: RunningPlane, count: number): Promise<void> {
  await waitFor(`${count} control requests`, () => from.controls.length >= count);
}

test('a request comes up with all that is known about its client', async () => {
  const asked = await start();
  const client = await asked.connect();
  client.send('CLIENT SETNAME me\r\n');
  client.send('*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n');
  await untilControls(asked, 1);
  const [request] = asked.controls;
  expect(request).toMatchObject({
    database: 0,
    protocol: 2,
    mustLogIn: false,
    clientName: 'me',
    clientAddress: `127.0.0.1:${client.socket.localPort}`,
    args: [Buffer.from('CONFIG'), Buffer.from('GET'), Buffer.from('a\r\nb')],
  });
  expect(coreRows()[request?.row ?? -1]?.name).toBe('config|get');
  expect(request?.client.id).toBeGreaterThan(0);
});

test('a command that no table has comes up as row -1', async () => {
  const asked = await start();
  (await asked.connect()).send('NOSUCHCOMMAND a\r\n');
  await untilControls(asked, 1);
  expect(asked.controls[0]).toMatchObject({
    row: -1,
    args: [expect.any(Buffer), Buffer.from('a')],
  });
});

test('the answer takes the place of its request, however late it comes', async () => {
  const answered = await start();
  const client = await answered.connect();
  const other = await answered.connect();
  client.send('PING 1\r\nCONFIG GET x\r\nPING 2\r\n');
  await untilControls(answered, 1);
  other.send('PING\r\n');
  await other.expect('+PONG\r\n');
  await client.expect(bulk('1'));
  answered.plane.answer(answered.controls[0]?.client ?? never(), reply('*0\r\n'));
  await client.expect(`*0\r\n${bulk('2')}`);
});

test('an answer may name the client, change its protocol, and close it', async () => {
  const changes: Partial<ControlAnswer>[] = [
    { name: 'renamed', protocol: 3 },
    {},
    { closeAfter: true },
  ];
  const answered = await start({
    onControl: ({ client }, plane) => plane.answer(client, reply('+OK\r\n', changes.shift())),
  });
  const client = await answered.connect();
  client.send('INFO\r\nCLIENT GETNAME\r\nINFO\r\nINFO\r\nPING\r\n');
  expect(await client.untilEnded()).toBe(`+OK\r\n${bulk('renamed')}+OK\r\n+OK\r\n`);
  expect(answered.controls.map(({ protocol, clientName }) => [protocol, clientName])).toEqual([
    [2, ''],
    [3, 'renamed'],
    [3, 'renamed'],
  ]);
});

test('a client that must log in can do nothing else until an answer gives it a user', async () => {
  const answered = await start({
    settings: settings({ clientMustAuthenticate: true }),
    onControl: ({ client, args }, plane) =>
      plane.answer(client, reply('+OK\r\n', { user: String(args[1]) === 'secret' ? 0 : -1 })),
  });
  const client = await answered.connect();
  client.send('PING\r\n');
  await client.expect('-NOAUTH Authentication required.\r\n');
  client.send('AUTH wrong\r\nPING\r\n');
  await client.expect('+OK\r\n-NOAUTH Authentication required.\r\n');
  client.send('AUTH secret\r\nPING\r\n');
  await client.expect('+OK\r\n+PONG\r\n');
  expect(answered.controls.map(({ mustLogIn }) => mustLogIn)).toEqual([true, true]);
});

test('dispatchAgain routes by the table published last', async () => {
  server = await startKeyServer();
  const answered = await start({ servers: [server.port] });
  const withoutGet = coreRows().filter(({ name }) => name !== 'get');
  answered.plane.setCommands(0, withoutGet);
  const client = await answered.connect();
  client.send('SET k 1\r\nGET k\r\nPING\r\n');
  await untilControls(answered, 1);
  expect(answered.controls[0]?.row).toBe(-1);
  const get = coreRows().find(({ name }) => name === 'get') ?? never();
  answered.plane.setCommands(0, [...withoutGet, get]);
  answered.plane.dispatchAgain(answered.controls[0]?.client ?? never());
  await client.expect(`+OK\r\n${bulk('1')}+PONG\r\n`);
});

test('answers for whom no request waits are ignored', async () => {
  const answered = await start();
  const gone = await answered.connect();
  gone.send('INFO\r\n');
  await untilControls(answered, 1);
  const stale = answered.controls[0]?.client ?? never();
  gone.reset();
  await expect.poll(() => answered.plane.total('clients')).toBe(0);
  const client = await answered.connect();
  client.send('INFO\r\n');
  await untilControls(answered, 2);
  const waiting = answered.controls[1]?.client ?? never();
  expect(waiting.index).toBe(stale.index);
  answered.plane.answer(stale, reply('+stale\r\n'));
  answered.plane.dispatchAgain(stale);
  answered.plane.answer({ ...waiting, index: 0xffff_ffff }, reply('+nobody\r\n'));
  answered.plane.answer(waiting, reply('+yours\r\n'));
  answered.plane.answer(waiting, reply('+twice\r\n'));
  client.send('PING\r\n');
  await client.expect('+yours\r\n+PONG\r\n');
});

test('arguments are copies that outlive their client and the plane', async () => {
  const answered = await start();
  const client = await answered.connect();
  const value = 'v'.repeat(100_000);
  client.send(`*2\r\n$4\r\nINFO\r\n$${value.length}\r\n${value}\r\n`);
  await untilControls(answered, 1);
  client.close();
  answered.stop();
  running = undefined;
  expect(answered.controls[0]?.args[1]?.equals(Buffer.from(value))).toBe(true);
});

test('requests of many clients come up from every worker', async () => {
  const answered = await start({
    workers: 3,
    onControl: ({ client, args }, plane) =>
      plane.answer(
        client,
        reply(`+${String(args[1])} ${nativeAddon().slotForKey(args[1] ?? never())}\r\n`),
      ),
  });
  const clients = await Promise.all(Array.from({ length: 24 }, () => answered.connect()));
  const sections = Array.from({ length: 50 }, (_, i) => `section${i}`);
  const expected = sections
    .map((name) => `+${name} ${nativeAddon().slotForKey(Buffer.from(name))}\r\n`)
    .join('');
  for (const client of clients) {
    client.send(sections.map((name) => `INFO ${name}\r\n`).join(''));
  }
  await Promise.all(clients.map((client) => client.expect(expected)));
  const workers = new Set(answered.controls.map(({ client }) => client.id % 256));
  expect([...workers].sort()).toEqual([0, 1, 2]);
});

function never(): never {
  throw new Error('nothing came up');
}
