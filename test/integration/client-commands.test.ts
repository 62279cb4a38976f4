import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { RealServer } from '../support/server.js';

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
  ...['UNBLOCK 999999 error', 'INFO x', 'NOSUCH'],
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
