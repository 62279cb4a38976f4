import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  type ControlAnswer,
  type NativePeerRule,
  type NativePresentation,
  nativeAddon,
  STANDALONE_PRESENTATION,
} from '../../src/native/index.js';
import { bulk, type FakeServer } from '../support/fake-server.js';
import { RawClient } from '../support/raw-client.js';
import { waitFor } from '../support/wait.js';
import { startKeyServer } from './support/key-server.js';
import { NOBODY, SLOT_COUNT } from './support/plane-data.js';
import { bindTcp, RunningPlane, type RunningPlaneOptions } from './support/running-plane.js';

const OK: ControlAnswer = {
  reply: Buffer.from('+OK\r\n'),
  closeAfter: false,
  protocol: 0,
  user: -1,
};

let running: RunningPlane | undefined;
let server: FakeServer | undefined;
const descriptors: number[] = [];
const folders: string[] = [];
afterEach(async () => {
  running?.stop();
  await server?.stop();
  running = server = undefined;
  for (const fd of descriptors.splice(0)) {
    nativeAddon().closeDescriptor(fd);
  }
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true });
  }
});

async function start(options: RunningPlaneOptions = {}): Promise<RunningPlane> {
  running = await RunningPlane.start(options);
  return running;
}

/** The presentation of a client that connects from `localAddress` and asks something. */
async function presentationFrom(plane: RunningPlane, localAddress: string): Promise<number> {
  const seen = plane.controls.length;
  const client = await RawClient.connect({ host: '127.0.0.1', port: plane.port, localAddress });
  client.send('INFO\r\n');
  await waitFor('a control request', () => plane.controls.length > seen);
  client.close();
  return plane.controls.at(-1)?.presentation ?? -1;
}

const RULES: readonly NativePeerRule[] = [
  { cidr: '127.0.0.9', presentation: 3 },
  { cidr: '127.0.0.8/29', presentation: 2 },
  { cidr: '::ffff:127.1.0.0/112', presentation: 4 },
  { cidr: '::/0', presentation: 5 },
  { cidr: '', presentation: 1 },
];

test('a client is shown what the first rule says that holds its address', async () => {
  const plane = await start({ workers: 2, rules: RULES });
  expect(await presentationFrom(plane, '127.0.0.9')).toBe(3);
  expect(await presentationFrom(plane, '127.0.0.10')).toBe(2);
  expect(await presentationFrom(plane, '127.0.0.16')).toBe(1);
  expect(await presentationFrom(plane, '127.1.0.1')).toBe(4);
  expect(await presentationFrom(plane, '127.0.0.1')).toBe(1);
});

test('rules of a port can be replaced while it listens, for those who connect then', async () => {
  const plane = await start({ rules: [{ cidr: '', presentation: 1 }] });
  const before = await plane.connect();
  before.send('PING\r\n');
  await before.expect('+PONG\r\n');
  const fd = plane.descriptors[0] ?? -1;
  plane.plane.listen(0, 0, fd, [{ cidr: '', presentation: 2 }]);
  expect(await presentationFrom(plane, '127.0.0.1')).toBe(2);
  before.send('INFO\r\n');
  await waitFor('its request', () => plane.controls.length === 2);
  expect(plane.controls[1]?.presentation).toBe(1);
});

test('a request tells where its client connected to, and a record what it is shown', async () => {
  const plane = await start({ rules: RULES });
  expect(await presentationFrom(plane, '127.0.0.9')).toBe(3);
  expect(plane.controls[0]).toMatchObject({ localAddress: `127.0.0.1:${plane.port}` });
  const client = await plane.connect();
  client.send('PING\r\n');
  await client.expect('+PONG\r\n');
  const records = await plane.plane.listClients(0);
  const address = `127.0.0.1:${client.socket.localPort}`;
  expect(records.find((record) => record.address === address)?.presentation).toBe(1);
});

test('the same over IPv6', async () => {
  const plane = await start();
  const fd = listening(bindTcp(plane.port, '::1'));
  plane.plane.listen(0, 0, fd, [
    { cidr: '0.0.0.0/0', presentation: 7 },
    { cidr: '::2', presentation: 8 },
    { cidr: '::/64', presentation: 9 },
    { cidr: '', presentation: 1 },
  ]);
  const client = await RawClient.connect({ host: '::1', port: plane.port });
  client.send('INFO\r\n');
  await waitFor('its request', () => plane.controls.length === 1);
  client.close();
  expect(plane.controls[0]).toMatchObject({
    presentation: 9,
    localAddress: `[::1]:${plane.port}`,
  });
});

test('clients of a unix socket are for the last rule, and connected to no address', async () => {
  const plane = await start();
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-'));
  folders.push(folder);
  const path = join(folder, 'proxy.sock');
  const fd = listening(
    nativeAddon().bindListener({ host: '', port: 0, path, mode: -1, probe: false }),
  );
  plane.plane.listen(0, 0, fd, [
    { cidr: '0.0.0.0/0', presentation: 1 },
    { cidr: '::/0', presentation: 2 },
    { cidr: '', presentation: 3 },
  ]);
  const client = await RawClient.connect({ path });
  client.send('INFO\r\n');
  await waitFor('its request', () => plane.controls.length === 1);
  client.close();
  expect(plane.controls[0]).toMatchObject({ presentation: 3, localAddress: '' });
});

/** A node of a cluster where all slots but that of `a` are elsewhere. */
function almostNothingHere(): NativePresentation {
  const slotToTarget = new Uint16Array(SLOT_COUNT);
  slotToTarget[nativeAddon().slotForKey(Buffer.from('a'))] = NOBODY;
  return {
    helloMode: 'cluster',
    showsCluster: true,
    oneSlotOnly: true,
    slotToTarget,
    targets: ['10.0.0.2:7001'],
  };
}

test('clients are shown what is published, those who are connected included', async () => {
  server = await startKeyServer();
  const plane = await start({ servers: [server.port] });
  const client = await plane.connect();
  client.send('READONLY\r\nSET b 1\r\nMSET a 1 c 2\r\n');
  await client.expect(`-ERR This instance has cluster support disabled\r\n${'+OK\r\n'.repeat(2)}`);
  plane.plane.setPresentations(0, [almostNothingHere()]);
  client.send('READONLY\r\nGET b\r\nMSET a 1 c 2\r\nGET a\r\n');
  await client.expect(
    '+OK\r\n-MOVED 3300 10.0.0.2:7001\r\n' +
      `-CROSSSLOT Keys in request don't hash to the same slot\r\n${bulk('1')}`,
  );
  expect(plane.plane.total('moved_answered')).toBe(1);
  expect(plane.plane.presentation(0, 7).helloMode).toBe('cluster');
  plane.plane.setPresentations(0, []);
  client.send('GET b\r\nASKING\r\n');
  await client.expect(`${bulk('1')}-ERR This instance has cluster support disabled\r\n`);
  expect(plane.plane.presentation(0, 7)).toEqual(STANDALONE_PRESENTATION);
});

test('clients are counted and closed by what they are shown', async () => {
  const plane = await start({ workers: 2, rules: RULES });
  const from = async (localAddress: string) => {
    const client = await RawClient.connect({ host: '127.0.0.1', port: plane.port, localAddress });
    client.send('PING\r\n');
    await client.expect('+PONG\r\n');
    return client;
  };
  const nines = await Promise.all([from('127.0.0.9'), from('127.0.0.9'), from('127.0.0.9')]);
  const other = await from('127.0.0.1');
  const audience = { database: 0, presentations: [3] };
  expect(await plane.plane.countClients(audience)).toBe(3);
  expect(await plane.plane.countClients({ database: 0, presentations: [1, 2, 3] })).toBe(4);
  expect(await plane.plane.countClients({ database: 1, presentations: [3] })).toBe(0);
  plane.plane.makeLeave(audience);
  await Promise.all(nines.map((client) => client.untilEnded()));
  expect(await plane.plane.countClients(audience)).toBe(0);
  other.send('PING\r\n');
  await other.expect('+PONG\r\n');
  other.close();
});

test('a notice is pushed to RESP3 clients that asked for it', async () => {
  const kinds: ControlAnswer['noticeKind'][] = [7, 7, 0];
  const plane = await start({
    onControl: ({ client }, self) => self.answer(client, { ...OK, noticeKind: kinds.shift() }),
  });
  const [told, resp2, noMore] = [
    await plane.connect(),
    await plane.connect(),
    await plane.connect(),
  ];
  for (const [client, protocol] of [
    [told, 3],
    [resp2, 2],
    [noMore, 3],
  ] as const) {
    client.send(`HELLO ${protocol}\r\nINFO\r\n`);
    await waitFor('the answers', () => client.text.endsWith('modules\r\n*0\r\n+OK\r\n'));
  }
  plane.plane.notify({ database: 0, presentations: [0] }, 7, Buffer.from('>1\r\n+MOVING\r\n'));
  await waitFor('the notice', () => told.text.endsWith('+OK\r\n>1\r\n+MOVING\r\n'));
  for (const client of [resp2, noMore]) {
    client.send('PING\r\n');
    await waitFor('the answer', () => client.text.endsWith('+OK\r\n+PONG\r\n'));
  }
});

/** The descriptor, listening until the end of the test. */
function listening(fd: number): number {
  descriptors.push(fd);
  nativeAddon().startListening(fd, 16);
  return fd;
}
