import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataDirectory, defaultDataDirectory } from '../../../src/node/data-directory.js';
import { acquireLock } from '../../../src/node/directory-lock.js';
import { chooseServerPorts, nextFreePort, probePort } from '../../../src/node/ports.js';
import { identifyProcess } from '../../../src/node/process-identity.js';
import { writeServerConfig } from '../../../src/node/server-config.js';
import { findServerProgram } from '../../../src/node/server-program.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotgate-node-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the lock', () => {
  const own = identifyProcess(process.pid);
  const held = { kind: 'held', pid: process.pid };

  test('is held until it is released', () => {
    const path = join(folder, 'lock');
    const lock = acquireLock(path);
    expect(acquireLock(path)).toEqual(held);
    if (lock.kind === 'acquired') lock.release();
    expect(acquireLock(path).kind).toBe('acquired');
  });

  test.each([
    ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startTicks: null })],
    ['a later process with the same id', JSON.stringify({ ...own, startTicks: '1' })],
    ['a crash while it was written', '{"pid":'],
  ])('of %s is taken over', (_name, text) => {
    const path = join(folder, 'lock');
    writeFileSync(path, text);
    const isTold = own.startTicks !== null || !text.includes(`${own.pid}`);
    if (isTold) expect(acquireLock(path).kind).toBe('acquired');
    expect(acquireLock(path)).toEqual(held);
  });
});

describe('the data directory', () => {
  const state = {
    ...{ primaries: 1, replicasPerPrimary: 0, ports: [1], isFormed: true, guard: null },
    ...{ nodes: 2, places: [1] },
  };

  test('keeps its state, is private, and is in use once', () => {
    const path = join(folder, 'a', 'b');
    const first = DataDirectory.open(path);
    expect(first.readState()).toBeUndefined();
    first.writeState(state);
    expect(first.readState()).toEqual(state);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(() => DataDirectory.open(path)).toThrow(`pid ${process.pid}`);
    first.release();
    const second = DataDirectory.open(path);
    expect(second.readState()).toEqual(state);
    second.release();
  });

  test.each(['', '[]', '{"ports":"x"}', '{"ports":[1],"primaries":-1}'])(
    'with a damaged state %j is refused by name',
    (text) => {
      const directory = DataDirectory.open(folder);
      writeFileSync(join(folder, 'cluster.json'), text);
      expect(() => directory.readState()).toThrow('cluster.json cannot be used');
      directory.release();
    },
  );

  test('that is a file is refused', () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    expect(() => DataDirectory.open(path)).toThrow(path);
  });

  test('that is ephemeral goes away', () => {
    const directory = DataDirectory.open(undefined);
    directory.serverFolder(0);
    expect(existsSync(directory.path)).toBe(true);
    directory.release();
    expect(existsSync(directory.path)).toBe(false);
  });

  test('follows XDG_DATA_HOME if it is absolute', () => {
    expect(defaultDataDirectory({ XDG_DATA_HOME: '/data' })).toBe('/data/slotgate/up');
    expect(defaultDataDirectory({ XDG_DATA_HOME: 'data' })).toMatch(
      /\.local\/share\/slotgate\/up$/,
    );
  });
});

describe('the server program', () => {
  function program(path: string): string {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, '');
    chmodSync(path, 0o755);
    return path;
  }

  test('is the recorded one, else the one in PATH, else an error that says what to install', () => {
    const record = join(folder, 'servers.json');
    const env = { PATH: `${folder}/none:${folder}/bin` };
    expect(() => findServerProgram(env, record)).toThrow('apt-get install redis-server');
    const inPath = program(join(folder, 'bin', 'redis-server'));
    expect(findServerProgram(env, record)).toEqual({ path: inPath, env: {} });
    const redisServer = program(join(folder, 'cache', 'redis-server'));
    writeFileSync(record, JSON.stringify({ redisServer, env: { LD_LIBRARY_PATH: '/l' } }));
    expect(findServerProgram(env, record)).toEqual({
      path: redisServer,
      env: { LD_LIBRARY_PATH: '/l' },
    });
    rmSync(redisServer);
    expect(findServerProgram(env, record).path).toBe(inPath);
  });
});

test('a server configuration is private, and its paths are quoted', () => {
  const odd = join(folder, 'with "quotes" and \\');
  mkdirSync(odd);
  const path = writeServerConfig({ host: '127.0.0.1', port: 1, folder: odd, isPersistent: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(`dir "${folder}/with \\"quotes\\" and \\\\"\n`);
  expect(text).toContain('appendonly yes\n');
});

test('ports that are taken are passed over, remembered ones are kept', async () => {
  const host = '127.0.0.1';
  const [a = 0, b = 0] = await chooseServerPorts([host, host], []);
  const squatter = createServer().listen(a, host);
  await once(squatter, 'listening');
  try {
    expect(await probePort(host, a)).toBe('in-use');
    expect(await probePort('192.0.2.1', a)).toBe('unavailable');
    expect(await nextFreePort(host, a)).toBeGreaterThan(a);
    const chosen = await chooseServerPorts([host, host], [a, b]);
    expect(chosen[0]).not.toBe(a);
    expect(chosen[1]).toBe(b);
    expect(new Set(chosen).size).toBe(2);
  } finally {
    squatter.close();
  }
});
