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
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    args: ['--threads', '2', '--slowlog-slower-than-ms', '300'],
  });
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
  ...['PAUSE', 'PAUSE x', 'PAUSE -1', 'PAUSE 1 FOO', 'PAUSE 1 WRITE X', 'PAUSE 0', 'UNPAUSE x'],
  ...['PAUSE 99999999999999999999', 'UNPAUSE'],
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
    expect(own).toMatchObject({ name: 'first', cmd: 'client|info', id: shown?.id });
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
    const flags = async () => fieldsOf(await client.text('CLIENT', 'INFO')).flags;
    expect(await flags()).toBe('N');
    await client.call('CLIENT', 'NO-EVICT', 'ON');
    expect(await flags()).toBe('e');
    await client.call('RESET');
    expect(await flags()).toBe('N');
    expect(await client.call('CLIENT', 'CAPA', 'redirect')).toBe('OK');
    client.close();
  });
});

describe('CLIENT PAUSE', () => {
  /** True if the call is not answered until `end` was called. */
  async function waits(call: Promise<unknown>, end: () => Promise<unknown>): Promise<boolean> {
    let isAnswered = false;
    const answered = call.then(() => {
      isAnswered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const waited = !isAnswered;
    await end();
    await answered;
    return waited;
  }

  test('WRITE: writes of all clients wait, reads do not', async () => {
    const clients = await onBothWorkers();
    const pauser = await proxy.connect();
    await pauser.call('SET', 'paused', '0');
    expect(await pauser.call('CLIENT', 'PAUSE', '100000', 'WRITE')).toBe('OK');
    for (const client of clients) {
      expect(await client.call('GET', 'paused')).toBe('0');
      expect(await client.call('MGET', 'paused')).toEqual(['0']);
    }
    const writes = clients.map((client) => client.call('INCR', 'paused'));
    const end = () => pauser.call('CLIENT', 'UNPAUSE');
    expect(await waits(Promise.all(writes), end)).toBe(true);
    expect(await pauser.call('GET', 'paused')).toBe(String(clients.length));
    for (const client of [...clients, pauser]) {
      client.close();
    }
  });

  test.each([
    ['SET a 1', true],
    ['PFCOUNT a', true],
    ['EVAL return(1) 1 a', true],
    ['PUBLISH c m', true],
    ['GET a', false],
    ['PING', false],
    ['EVAL_RO return(1) 1 a', false],
  ])('WRITE: %s waits, as at a server: %s', async (words, expected) => {
    const found: boolean[] = [];
    for (const connect of [() => proxy.connect(), () => server.connect()]) {
      const [client, pauser] = [await connect(), await connect()];
      await pauser.call('DEL', 'a');
      await pauser.call('CLIENT', 'PAUSE', '100000', 'WRITE');
      const end = () => pauser.call('CLIENT', 'UNPAUSE');
      found.push(await waits(client.call(...words.split(' ')), end));
      client.close();
      pauser.close();
    }
    expect(found).toEqual([expected, expected]);
  });

  test('ALL: everything waits for the time to pass, UNPAUSE too, as at a server', async () => {
    for (const connect of [() => proxy.connectRaw(), () => rawServer()]) {
      const [client, pauser] = [await connect(), await connect()];
      pauser.send('CLIENT PAUSE 400\r\nCLIENT UNPAUSE\r\nPING\r\n');
      await pauser.expect('+OK\r\n');
      client.send('GET\r\nNOSUCH\r\nPING\r\n');
      const errors =
        "-ERR wrong number of arguments for 'get' command\r\n" +
        "-ERR unknown command 'NOSUCH', with args beginning with: \r\n";
      await client.expect(errors);
      await client.expect('+PONG\r\n');
      await pauser.expect('+OK\r\n+PONG\r\n');
      client.close();
      pauser.close();
    }
  });
});

function rawServer(): Promise<RawClient> {
  return RawClient.connect({ host: '127.0.0.1', port: server.port });
}

describe('MONITOR', () => {
  /** Lines without times and addresses, from the first that names `first` to the one naming `last`. */
  async function linesOf(client: RawClient, first: string, last: string) {
    await waitFor(last, () => client.text.includes(`"${last}"`));
    const lines = client.text.split('\r\n').map((line) => line.replace(/^\+[\d.]+ \[0 .*?\] /, ''));
    const at = (word: string) => lines.findIndex((line) => line.includes(`"${word}"`));
    return lines.slice(at(first) + 1, at(last));
  }

  test('shows a client’s commands in the form of a server, without passwords', async () => {
    const pipeline = [
      ...[
        'GET a',
        'set "a b" "\\x00\\n\\"\\\\"',
        'NOSUCH',
        'GET',
        'CONFIG GET maxmemory',
        'CLIENT ID',
      ],
      ...['CLIENT LIST', 'AUTH secret', 'SELECT 0', 'MULTI', 'SET a 1', 'EXEC', 'MGET a b'],
      ...['CLIENT SETNAME x', 'PING', 'EVAL return(1) 1 a', 'RESET'],
    ];
    const shown = await Promise.all(
      [() => proxy.connectRaw(), () => rawServer()].map(async (connect) => {
        const [monitor, client] = [await connect(), await connect()];
        monitor.send('MONITOR\r\n');
        await monitor.expect('+OK\r\n');
        client.send(['ECHO first', ...pipeline, 'ECHO last'].map((line) => `${line}\r\n`).join(''));
        const lines = await linesOf(monitor, 'first', 'last');
        monitor.close();
        client.close();
        return lines;
      }),
    );
    expect(shown[0]).toEqual(shown[1]);
    expect(shown[0]?.length).toBeGreaterThan(10);
    expect(shown[0]?.join()).not.toContain('secret');
  });

  test('shows what clients of all workers send, with their addresses', async () => {
    const monitor = await proxy.connectRaw();
    monitor.send('MONITOR\r\n');
    await monitor.expect('+OK\r\n');
    const clients = await onBothWorkers();
    await Promise.all(clients.map((client, i) => client.call('SET', 'a', `value-${i}`)));
    await waitFor('all lines', () =>
      clients.every((_, i) => monitor.text.includes(`"value-${i}"`)),
    );
    for (const [i, client] of clients.entries()) {
      expect(monitor.text).toMatch(
        new RegExp(
          `\\+\\d+\\.\\d{6} \\[0 127\\.0\\.0\\.1:${client.socket.localPort}\\] "SET" "a" "value-${i}"\r\n`,
        ),
      );
      client.close();
    }
    const list = await proxy.connect();
    expect(await list.text('CLIENT', 'LIST')).toMatch(/ flags=O .* cmd=monitor /);
    monitor.close();
    list.close();
  });

  test('a client that monitors may not use keys, until RESET', async () => {
    const monitor = await proxy.connectRaw();
    monitor.send('MONITOR\r\nGET a\r\n');
    await waitFor('the error', () => monitor.text.includes('keyspace'));
    expect(monitor.text).toContain("-ERR Replica can't interact with the keyspace\r\n");
    monitor.send('RESET\r\nECHO end\r\n');
    await waitFor('the end', () => monitor.text.endsWith('+RESET\r\n$3\r\nend\r\n'));
    monitor.close();
  });
});

describe('SLOWLOG', () => {
  test.each(['GET x', 'GET -2', 'LEN x', 'RESET x', 'NOSUCH', 'GET 0', 'RESET', 'LEN', 'GET'])(
    'SLOWLOG %s answers as a server',
    async (words) => {
      const [ours, theirs] = await both(`SLOWLOG ${words}`);
      expect(ours).toBe(theirs);
    },
  );

  test('has what took long between proxy and servers, in the form of a server', async () => {
    const client = await proxy.connect();
    const watcher = await proxy.connect();
    await client.call('CLIENT', 'SETNAME', 'patient');
    await watcher.call('SLOWLOG', 'RESET');
    await Promise.all(cluster.servers.map((one) => one.kill('SIGSTOP')));
    const slow = client.call('GET', 'slow');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.all(cluster.servers.map((one) => one.kill('SIGCONT')));
    await slow;
    await client.call('GET', 'fast');
    const [entry, ...rest] = (await watcher.call('SLOWLOG', 'GET')) as readonly unknown[];
    expect(rest).toEqual([]);
    expect(entry).toEqual([
      expect.any(Number),
      expect.any(Number),
      expect.any(Number),
      ['GET', 'slow'],
      `127.0.0.1:${client.socket.localPort}`,
      'patient',
    ]);
    const [, seconds, microseconds] = entry as readonly number[];
    expect(Math.abs((seconds ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(microseconds).toBeGreaterThanOrEqual(300_000);
    expect(await watcher.call('SLOWLOG', 'LEN')).toBe(1);
    client.close();
    watcher.close();
  });

  test('GET n ALL shows the servers’ own entries, too', async () => {
    const client = await proxy.connect();
    for (const one of cluster.servers) {
      await one.call('CONFIG', 'SET', 'slowlog-log-slower-than', 0);
    }
    await client.call('SET', 'on-a-server', '1');
    for (const one of cluster.servers) {
      await one.call('CONFIG', 'SET', 'slowlog-log-slower-than', 10_000);
    }
    expect(JSON.stringify(await client.call('SLOWLOG', 'GET', '-1'))).not.toContain('on-a-server');
    expect(JSON.stringify(await client.call('SLOWLOG', 'GET', '-1', 'ALL'))).toContain(
      'on-a-server',
    );
    client.close();
  });
});
