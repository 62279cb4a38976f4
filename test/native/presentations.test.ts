import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type NativePeerRule, nativeAddon } from '../../src/native/index.js';
import { RawClient } from '../support/raw-client.js';
import { waitFor } from '../support/wait.js';
import { bindTcp, RunningPlane, type RunningPlaneOptions } from './support/running-plane.js';

let running: RunningPlane | undefined;
const descriptors: number[] = [];
const folders: string[] = [];
afterEach(() => {
  running?.stop();
  running = undefined;
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

/** The descriptor, listening until the end of the test. */
function listening(fd: number): number {
  descriptors.push(fd);
  nativeAddon().startListening(fd, 16);
  return fd;
}
