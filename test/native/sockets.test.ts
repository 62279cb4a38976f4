import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type BindOptions, nativeAddon } from '../../src/native/index.js';
import { findFreePort } from './support/running-plane.js';

const { bindListener, startListening, closeDescriptor } = nativeAddon();
const LOOPBACK: BindOptions = { host: '127.0.0.1', port: 0, path: '', mode: -1, probe: false };

const opened: number[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const fd of opened.splice(0)) closeDescriptor(fd);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function bind(changes: Partial<BindOptions>): number {
  const fd = bindListener({ ...LOOPBACK, ...changes });
  opened.push(fd);
  return fd;
}

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-native-'));
  folders.push(folder);
  return join(folder, 'slotgate.sock');
}

describe('TCP', () => {
  test('several sockets share a port, and a probe sees that it is taken', async () => {
    const port = await findFreePort();
    const first = bind({ port });
    expect(bind({ port })).not.toBe(first);
    startListening(first, 511);
    expect(() => bind({ port, probe: true })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE', message: 'bind: address already in use' }),
    );
  });

  test('a probe of a free port leaves nothing behind', async () => {
    const port = await findFreePort();
    for (let round = 0; round < 3; round++) {
      expect(bindListener({ ...LOOPBACK, port, probe: true })).toBe(0);
    }
    bind({ port });
  });

  test('clients connect from startListening on', async () => {
    const port = await findFreePort();
    const fd = bind({ port });
    const early = connect(port, '127.0.0.1');
    await expect(once(early, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    startListening(fd, 511);
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    client.destroy();
  });

  test('an IPv6 socket leaves the port to IPv4', async (context) => {
    const port = await findFreePort();
    try {
      bind({ host: '::', port });
    } catch (error) {
      context.skip(`no IPv6 here: ${String(error)}`);
    }
    expect(bindListener({ ...LOOPBACK, host: '0.0.0.0', port, probe: true })).toBe(0);
  });

  test('an address of another machine', () => {
    expect(() => bind({ host: '192.0.2.1' })).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    );
  });
});

describe('unix sockets', () => {
  test('get the mode that is asked for', () => {
    const path = socketPath();
    bind({ path, mode: 0o600 });
    const file = statSync(path);
    expect(file.isSocket()).toBe(true);
    expect(file.mode & 0o777).toBe(0o600);
  });

  test('take clients', async () => {
    const path = socketPath();
    startListening(bind({ path }), 511);
    const client = connect(path);
    await once(client, 'connect');
    client.destroy();
  });

  test('a path that is there', () => {
    const path = socketPath();
    bind({ path });
    expect(() => bind({ path })).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });

  test('a folder that is not there', () => {
    expect(() => bind({ path: `${socketPath()}/no/folder` })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ENO(ENT|TDIR)$/) }),
    );
  });

  test('a path longer than the system takes', () => {
    expect(() => bind({ path: `/tmp/${'x'.repeat(108)}` })).toThrow(
      new TypeError('path must be shorter than 108 bytes'),
    );
  });
});

describe('arguments', () => {
  test.each([
    [[], "bindListener's argument must be an object"],
    [['127.0.0.1'], "bindListener's argument must be an object"],
    [[{ ...LOOPBACK, host: 1 }], 'host must be a string'],
    [[{ ...LOOPBACK, host: 'localhost' }], 'host must be a numeric address'],
    [[{ ...LOOPBACK, port: 65_536 }], 'port must be a whole number from 0 to 65535'],
    [[{ ...LOOPBACK, mode: 0o1000 }], 'mode must be a whole number from -1 to 511'],
    [[{ ...LOOPBACK, probe: undefined }], 'probe must be true or false'],
    [[{ ...LOOPBACK, path: null }], 'path must be a string'],
  ])('bindListener: %j', (args, message) => {
    expect(() => Reflect.apply(bindListener, undefined, args)).toThrow(new TypeError(message));
  });

  test.each([[[]], [[1]], [['1', 2]], [[1, '2']], [[1, 2, 3]]])('startListening%j', (args) => {
    expect(() => Reflect.apply(startListening, undefined, args)).toThrow(
      new TypeError('startListening takes a descriptor and a backlog'),
    );
  });

  test('descriptors that are none', () => {
    const badDescriptor = expect.objectContaining({ code: 'EBADF' });
    expect(() => startListening(2_000_000_000, 1)).toThrow(badDescriptor);
    expect(() => closeDescriptor(2_000_000_000)).toThrow(badDescriptor);
    for (const args of [[-1], [1.5], ['3'], []]) {
      expect(() => Reflect.apply(closeDescriptor, undefined, args)).toThrow(
        new TypeError('closeDescriptor takes a descriptor'),
      );
    }
  });
});
