import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InheritedSockets, nativeAddon } from '../../src/native/index.js';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { findClusterPort } from '../support/ports.js';

const cleanUps = cleanUpsAfterEach();

function bind(options: { readonly host?: string; readonly port?: number; readonly path?: string }) {
  const given = { host: '', port: 0, path: '', mode: -1, probe: false, ...options };
  return nativeAddon().bindListener(given);
}

test('sockets are known by where they are bound, and each is taken once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-inherited-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'socket');
  const port = await findClusterPort();
  const v4 = [bind({ host: '127.0.0.1', port }), bind({ host: '127.0.0.1', port })];
  const v6 = bind({ host: '::1', port });
  const unix = bind({ path });
  const sockets = new InheritedSockets([v6, ...v4, unix]);
  expect(sockets.portsOf('127.0.0.1')).toEqual([port]);
  expect(sockets.portsOf('127.0.0.2')).toEqual([]);
  expect(sockets.take({ kind: 'tcp', host: '127.0.0.1', port: port + 1 })).toEqual([]);
  expect(sockets.take({ kind: 'tcp', host: '127.0.0.1', port })).toEqual(v4);
  expect(sockets.has({ kind: 'tcp', host: '127.0.0.1', port })).toBe(false);
  expect(sockets.take({ kind: 'tcp', host: '0:0:0:0:0:0:0:1', port })).toEqual([v6]);
  expect(sockets.areOwn).toBe(false);
  // What nobody has taken is closed, and the rest is not.
  sockets.own();
  expect(sockets.areOwn).toBe(true);
  expect(() => closeSync(unix)).toThrow('EBADF');
  for (const fd of [...v4, v6]) closeSync(fd);
});

test('what is no bound stream socket is no inheritance', () => {
  const file = openSync('/dev/null', 'r');
  cleanUps.push(() => closeSync(file));
  expect(() => new InheritedSockets([file])).toThrow(expect.objectContaining({ code: 'ENOTSOCK' }));
  expect(() => new InheritedSockets([9_999])).toThrow(expect.objectContaining({ code: 'EBADF' }));
});

test.each([
  ['/nonexistent/notify', 'ENOENT'],
  ['@slotgate-nobody', 'ECONNREFUSED'],
  [`/${'x'.repeat(200)}`, 'ENAMETOOLONG'],
  ['', 'ENAMETOOLONG'],
])('a datagram to %j fails with %s', (path, code) => {
  expect(() => nativeAddon().sendDatagram(path, 'READY=1')).toThrow(
    expect.objectContaining({ code }),
  );
});
