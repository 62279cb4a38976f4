import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { RawClient } from '../support/raw-client.js';
import type { TestClient } from '../support/resp-client.js';
import { RealServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

let cluster: TestCluster;
let server: RealServer;
let proxy: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start();
  server = await RealServer.start();
  proxy = await TestProxy.start({ seeds: cluster.seeds, args: ['--threads', '2'] });
});
afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
  await cluster?.stop();
});

/** The same words through the proxy and to one stand-alone server. */
async function both(words: string): Promise<readonly string[]> {
  const args = words.split(' ');
  return Promise.all(
    [await proxy.connect(), await server.connect()].map(async (client) => {
      try {
        return JSON.stringify(await client.call(...args));
      } catch (error) {
        return String(error);
      } finally {
        client.close();
      }
    }),
  );
}

/** Clients on both workers; a worker is the lowest byte of an id. */
async function onBothWorkers(): Promise<readonly TestClient[]> {
  const clients = await Promise.all(Array.from({ length: 8 }, () => proxy.connect()));
  const ids = await Promise.all(clients.map((client) => client.call('CLIENT', 'ID')));
  expect(new Set(ids.map((id) => Number(id) % 256)).size).toBe(2);
  return clients;
}

function fieldsOf(line: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    line
      .trim()
      .split(' ')
      .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
}

test.each([
  ...['LIST ID', 'LIST ID x', 'LIST ID 3 x', 'LIST TYPE', 'LIST TYPE foo', 'LIST x y', 'LIST foo'],
  ...['LIST TYPE normal x', 'LIST TYPE PUBSUB', 'LIST TYPE replica', 'LIST ID 99999999999999999'],
  ...['KILL', 'KILL x', 'KILL ID', 'KILL ID 0', 'KILL ID x', 'KILL ID -1', 'KILL ID 99999999'],
  ...['KILL TYPE foo', 'KILL USER nobody', 'KILL SKIPME x', 'KILL FOO x', 'KILL ID 3 x'],
  ...['KILL ADDR 1.2.3.4:5', 'KILL LADDR 1.2.3.4:5', 'KILL TYPE pubsub', 'KILL SKIPME yes ID 9999'],
  ...['UNBLOCK', 'UNBLOCK x', 'UNBLOCK 1 FOO', 'UNBLOCK 1 TIMEOUT X', 'UNBLOCK 999999'],
  ...['UNBLOCK 999999 error', 'INFO x', 'NOSUCH', 'REPLY', 'REPLY foo', 'REPLY ON', 'REPLY on x'],
  ...['NO-EVICT', 'NO-EVICT foo', 'NO-EVICT on', 'NO-EVICT OFF', 'NO-EVICT on x'],
])('CLIENT %s answers as a server', async (words) => {
  const [ours, theirs] = await both(`CLIENT ${words}`);
  expect(ours).toBe(theirs);
});

describe('CLIENT LIST', () => {
  test('has the fields of a server, in its order', async () => {
    const names = (text: string) => Object.keys(fieldsOf(text));
    const client = await proxy.connect();
    const direct = await server.connect();
    for (const command of [
      ['CLIENT', 'LIST'],
      ['CLIENT', 'INFO'],
    ]) {
      const line = (await client.text(...command)).split('\n')[0] ?? '';
      expect(names(line)).toEqual(names((await direct.text(...command)).split('\n')[0] ?? ''));
    }
    client.close();
    direct.close();
  });

  test('shows clients of all workers as they are', async () => {
    const clients = await onBothWorkers();
    const [first, second] = clients;
    await first?.call('CLIENT', 'SETNAME', 'first');
    await first?.call('GET', 'a');
    const lines = ((await second?.text('CLIENT', 'LIST')) ?? '').trim().split('\n').map(fieldsOf);
    const ids = await Promise.all(clients.map((client) => client.call('CLIENT', 'ID')));
    expect(lines.map(({ id }) => Number(id))).toEqual(expect.arrayContaining(ids.map(Number)));
    const shown = lines.find(({ name }) => name === 'first');
    expect(shown).toMatchObject({
      addr: `127.0.0.1:${first?.socket.localPort}`,
      laddr: `127.0.0.1:${proxy.port}`,
      cmd: 'get',
      flags: 'N',
      db: '0',
      events: 'r',
      user: 'default',
      resp: '2',
    });
    const own = fieldsOf((await first?.text('CLIENT', 'INFO')) ?? '');
    expect(own).toMatchObject({ name: 'first', cmd: 'client|info', id: shown?.['id'] });
    for (const client of clients) {
      client.close();
    }
  });
});

describe('CLIENT KILL', () => {
  test('reaches clients of every worker, and says how many', async () => {
    const clients = await onBothWorkers();
    const killer = await proxy.connect();
    const closed = clients.map(
      (client) => new Promise((resolve) => client.socket.once('close', resolve)),
    );
    for (const client of clients.slice(0, 4)) {
      const id = Number(await client.call('CLIENT', 'ID'));
      expect(await killer.call('CLIENT', 'KILL', 'ID', id)).toBe(1);
    }
    await Promise.all(closed.slice(0, 4));
    const address = `127.0.0.1:${clients[4]?.socket.localPort}`;
    expect(await killer.call('CLIENT', 'KILL', address)).toBe('OK');
    expect(await killer.call('CLIENT', 'KILL', 'USER', 'default')).toBe(3);
    await Promise.all(closed);
    expect(await killer.call('PING')).toBe('PONG');
    killer.close();
  });

  test('oneself: the reply comes first', async () => {
    const client = await proxy.connectRaw();
    client.send('CLIENT KILL SKIPME no ID 99\r\nCLIENT KILL TYPE normal SKIPME no\r\nPING\r\n');
    expect(await client.untilEnded()).toBe(':0\r\n:1\r\n');
  });
});

/** The bytes that both sides answer to the same pipeline, which ends with ECHO end. */
async function bytesOfBoth(pipeline: readonly string[]): Promise<readonly string[]> {
  const end = '$3\r\nend\r\n';
  return Promise.all(
    [proxy.port, server.port].map(async (port) => {
      const client = await RawClient.connect({ host: '127.0.0.1', port });
      client.send([...pipeline, 'ECHO end'].map((line) => `${line}\r\n`).join(''));
      await waitFor('the end', () => client.text.endsWith(end) || client.isEnded);
      const { text } = client;
      client.close();
      // Ids differ from server to server.
      return text.replace(/(\$2\r\nid\r\n):\d+/g, '$1:ID');
    }),
  );
}

describe('what a connection is asked to remember is as on a server', () => {
  test.each([
    [
      'REPLY SKIP',
      ['CLIENT REPLY SKIP', 'PING 1', 'PING 2', 'CLIENT REPLY SKIP', 'NOSUCH', 'GET k'],
    ],
    ['REPLY SKIP twice', ['CLIENT REPLY SKIP', 'CLIENT REPLY SKIP', 'PING 1', 'PING 2']],
    [
      'REPLY SKIP and an error',
      ['CLIENT REPLY SKIP', 'GET', 'CLIENT REPLY SKIP', 'CLIENT REPLY x'],
    ],
    ['REPLY OFF', ['CLIENT REPLY OFF', 'SET k v', 'GET', 'CLIENT REPLY SKIP', 'CLIENT REPLY ON']],
    ['REPLY SKIP then ON', ['CLIENT REPLY SKIP', 'CLIENT REPLY ON', 'PING']],
    ['RESET with REPLY OFF', ['CLIENT REPLY OFF', 'PING', 'RESET', 'PING']],
    ['RESET with REPLY SKIP', ['CLIENT REPLY SKIP', 'RESET', 'PING']],
    ['RESET', ['CLIENT SETNAME me', 'HELLO 3', 'RESET', 'CLIENT GETNAME', 'HELLO', 'RESET x']],
    [
      'HELLO',
      ['HELLO', 'HELLO 3', 'HELLO', 'HELLO 2', 'HELLO 4', 'HELLO x', 'HELLO 1', 'HELLO -3'],
    ],
    ['HELLO with a name', ['HELLO 3 SETNAME me', 'CLIENT GETNAME', 'HELLO 2 setname you']],
    ['HELLO with an empty name', ['HELLO 2 SETNAME me', 'HELLO 2 SETNAME ""', 'CLIENT GETNAME']],
    ['HELLO with a wrong name', ['HELLO 3 SETNAME "a b"', 'CLIENT GETNAME', 'HELLO']],
    [
      'HELLO without an option',
      ['HELLO 3 FOO', 'HELLO 3 SETNAME', 'HELLO 2 AUTH default', 'HELLO'],
    ],
    ['HELLO logging in', ['HELLO 3 AUTH default x SETNAME me', 'CLIENT GETNAME', 'PING']],
    ['HELLO logging in as nobody', ['HELLO 3 AUTH nobody x SETNAME me', 'CLIENT GETNAME', 'HELLO']],
    ['HELLO with two names', ['HELLO 3 SETNAME a SETNAME b', 'CLIENT GETNAME']],
    ['HELLO between requests', ['SET k v', 'GET k', 'HELLO 3', 'GET none', 'HELLO 2', 'GET none']],
  ])('%s', async (_, pipeline) => {
    const [ours, theirs] = await bytesOfBoth(pipeline);
    expect(ours).toBe(theirs);
  });

  test('NO-EVICT shows in the list, until RESET', async () => {
    const client = await proxy.connect();
    const flags = async () => fieldsOf(await client.text('CLIENT', 'INFO'))['flags'];
    expect(await flags()).toBe('N');
    await client.call('CLIENT', 'NO-EVICT', 'ON');
    expect(await flags()).toBe('e');
    await client.call('RESET');
    expect(await flags()).toBe('N');
    expect(await client.call('CLIENT', 'CAPA', 'redirect')).toBe('OK');
    client.close();
  });
});
