import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ControlConnection,
  type Credentials,
  type LoginSecret,
  NO_CREDENTIALS,
} from '../../../src/shards/index.js';
import { bulk, FakeServer, type Script } from '../../support/fake-server.js';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function fake(script: Script, greeting?: string): Promise<FakeServer> {
  const server = await FakeServer.start(script, greeting);
  cleanups.push(() => server.stop());
  return server;
}

async function open(
  port: number,
  credentials: Credentials = NO_CREDENTIALS,
  maxReplyBytes = 1_000_000,
): Promise<ControlConnection> {
  const connection = await ControlConnection.open({
    endpoint: { kind: 'tcp', host: '127.0.0.1', port },
    credentials,
    connectTimeoutMs: 500,
    maxReplyBytes,
  });
  cleanups.push(() => connection.close());
  return connection;
}

/** Serves `secrets` one after the other, one step further at each refresh. */
function changing(...secrets: readonly (LoginSecret | null)[]): Credentials {
  let index = 0;
  return {
    current: () => secrets[index] ?? null,
    refresh: () => {
      index = Math.min(index + 1, secrets.length - 1);
      return Promise.resolve();
    },
  };
}

const ok: Script = () => '+OK\r\n';

describe('log-in', () => {
  test('AUTH comes first, then the name', async () => {
    const server = await fake(ok);
    await open(server.port, changing({ username: 'app', password: 'pw' }));
    expect(server.received).toEqual([
      ['AUTH', 'app', 'pw'],
      ['CLIENT', 'SETNAME', 'slotgate:control'],
    ]);
  });

  test('without a user name it is the default user; a refused SETNAME does not matter', async () => {
    const server = await fake(([name]) => (name === 'AUTH' ? '+OK\r\n' : '-NOPERM no\r\n'));
    const connection = await open(server.port, changing({ password: 'pw' }));
    expect(server.received[0]).toEqual(['AUTH', 'pw']);
    expect(connection.isOpen).toBe(true);
  });

  test('a refusal reads the credentials again and tries the new ones', async () => {
    const server = await fake(([name, password]) =>
      name === 'AUTH' && password !== 'new' ? '-WRONGPASS invalid\r\n' : '+OK\r\n',
    );
    const connection = await open(server.port, changing({ password: 'old' }, { password: 'new' }));
    expect(connection.isOpen).toBe(true);
  });

  test('a refusal of unchanged credentials is an error that hides them', async () => {
    const server = await fake(() => '-WRONGPASS invalid username-password pair\r\n');
    const opening = open(server.port, changing({ password: 'hunter2' }));
    await expect(opening).rejects.toMatchObject({ code: 'authentication_refused' });
    await expect(opening).rejects.toThrow(`127.0.0.1:${server.port} refused the log-in: WRONGPASS`);
    await expect(opening).rejects.not.toThrow('hunter2');
    expect(server.received.filter(([name]) => name === 'AUTH')).toHaveLength(1);
  });

  test('credentials that cannot be read again keep the refusal', async () => {
    const server = await fake(() => '-WRONGPASS no\r\n');
    const broken: Credentials = {
      current: () => ({ password: 'x' }),
      refresh: () => Promise.reject(new Error('no such file')),
    };
    await expect(open(server.port, broken)).rejects.toMatchObject({
      code: 'authentication_refused',
    });
  });

  test.each([
    '-ERR max number of clients reached\r\n',
    '-DENIED Redis is running in protected\r\n',
  ])('an unasked refusal %j is told as such', async (greeting) => {
    const server = await fake(() => null, greeting);
    await expect(open(server.port)).rejects.toMatchObject({ code: 'server_refused' });
  });
});

describe('calls', () => {
  test('are pipelined and answered in order, errors as values', async () => {
    const server = await fake(([name]) => (name === 'BAD' ? '-ERR bad\r\n' : bulk(name ?? '')));
    const connection = await open(server.port);
    const replies = await Promise.all(['A', 'BAD', 'C'].map((name) => connection.call([name])));
    expect(replies).toEqual([
      { kind: 'string', bytes: Buffer.from('A') },
      { kind: 'error', message: 'ERR bad' },
      { kind: 'string', bytes: Buffer.from('C') },
    ]);
  });

  test('a lost connection fails all that wait, and later calls', async () => {
    const server = await fake(([name]) => (name === 'DIE' ? 'close' : '+OK\r\n'));
    const connection = await open(server.port);
    const calls = await Promise.allSettled([connection.call(['DIE']), connection.call(['NEXT'])]);
    expect(calls.map((call) => call.status)).toEqual(['rejected', 'rejected']);
    expect(connection.isOpen).toBe(false);
    await expect(connection.call(['X'])).rejects.toMatchObject({ code: 'connection_lost' });
  });

  test('a late reply closes the connection and names the command only', async () => {
    const server = await fake(([name]) => (name === 'SLOW' ? null : '+OK\r\n'));
    const connection = await open(server.port);
    const call = connection.call(['SLOW', 'secret'], { timeoutMs: 30 });
    await expect(call).rejects.toMatchObject({ code: 'call_timeout' });
    await expect(call).rejects.toThrow(`127.0.0.1:${server.port}: no reply to SLOW in 30 ms`);
    expect(connection.isOpen).toBe(false);
  });

  test('a reply over the limit closes the connection', async () => {
    const server = await fake(([name]) => (name === 'BIG' ? bulk('x'.repeat(300_000)) : '+OK\r\n'));
    const connection = await open(server.port, NO_CREDENTIALS, 1_000);
    await expect(connection.call(['BIG'])).rejects.toMatchObject({ code: 'reply_too_large' });
  });

  test('garbage, or a reply that nobody asked for, closes the connection', async () => {
    const server = await fake(([name]) => (name === 'TWO' ? '+1\r\n+2\r\n' : '+OK\r\n'));
    const connection = await open(server.port);
    await connection.call(['TWO']);
    await expect(connection.call(['X'])).rejects.toMatchObject({ code: 'reply_invalid' });
    const odd = await fake(([name]) => (name === 'ODD' ? 'HTTP/1.1 400\r\n' : '+OK\r\n'));
    const second = await open(odd.port);
    await expect(second.call(['ODD'])).rejects.toMatchObject({ code: 'reply_invalid' });
  });

  test('close fails what waits', async () => {
    const server = await fake(([name]) => (name === 'WAIT' ? null : '+OK\r\n'));
    const connection = await open(server.port);
    const call = connection.call(['WAIT']);
    connection.close();
    await expect(call).rejects.toMatchObject({ code: 'connection_lost' });
  });
});

describe('connecting', () => {
  test('nothing listens', async () => {
    const server = await FakeServer.start(ok);
    await server.stop();
    await expect(open(server.port)).rejects.toMatchObject({ code: 'connect_failed' });
    await expect(open(server.port)).rejects.toThrow('refused the connection');
  });

  test('a name that does not exist', async () => {
    const opening = ControlConnection.open({
      endpoint: { kind: 'tcp', host: 'no-such-host.invalid', port: 1 },
      credentials: NO_CREDENTIALS,
      connectTimeoutMs: 5_000,
    });
    await expect(opening).rejects.toMatchObject({ code: 'name_unresolved' });
  });

  test('a server that accepts and says nothing', async () => {
    const server = await fake(() => null);
    await expect(open(server.port)).rejects.toMatchObject({ code: 'call_timeout' });
  });

  test('a unix socket', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'slotgate-test-'));
    const path = join(dir, 's');
    const server = createServer((socket) => {
      socket.on('data', () => socket.write('+OK\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    cleanups.push(() => {
      server.close();
      rmSync(dir, { recursive: true });
    });
    const connection = await ControlConnection.open({
      endpoint: { kind: 'unix', path },
      credentials: NO_CREDENTIALS,
      connectTimeoutMs: 500,
    });
    cleanups.push(() => connection.close());
    expect(connection.remoteHost).toBeNull();
    expect(await connection.call(['PING'])).toMatchObject({ kind: 'string' });
  });
});
