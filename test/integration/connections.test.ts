import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy } from '../support/proxy.js';
import { encodeRequest, RawClient } from '../support/raw-client.js';
import { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const MIB = 1024 * 1024;
const MAX_CLIENTS = 300;
const OUTPUT_LIMIT = 8 * MIB;
const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

let cluster: TestCluster;
let proxy: TestProxy;
let folder: string;
let unixPath: string;
let ipv6Port: number;
let tcpPort: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slotgate-socket-'));
  unixPath = join(folder, 'redis.sock');
  cluster = await TestCluster.start();
  const port = await findClusterPort();
  ipv6Port = await findClusterPort();
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    listen: [`127.0.0.1:${port}`, unixPath, ...(HAS_IPV6 ? [`[::1]:${ipv6Port}`] : [])],
    args: [
      ...['--max-clients', String(MAX_CLIENTS), '--max-client-output-bytes', String(OUTPUT_LIMIT)],
      ...['--unix-socket-mode', '700'],
    ],
  });
  tcpPort = port;
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function connect(): Promise<TestClient> {
  return TestClient.connect({ port: tcpPort });
}

function connectRaw(): Promise<RawClient> {
  return RawClient.connect({ host: '127.0.0.1', port: tcpPort });
}

/** Values of three slots that are together larger than the output limit. */
async function setLarge(client: TestClient): Promise<void> {
  for (const key of ['a', 'b', 'c']) {
    await client.call('SET', key, 'x'.repeat(4 * MIB));
  }
}

/** Waits until the proxy has noticed that clients left. */
async function untilClients(count: number): Promise<void> {
  await waitFor(`${count} clients`, async () => (await proxy.metric('slotgate_clients')) === count);
}

describe('listeners', () => {
  test('a unix socket, with the permissions asked for', async () => {
    expect(statSync(unixPath).mode & 0o777).toBe(0o700);
    const client = await TestClient.connect({ path: unixPath });
    await client.call('MSET', 'a', '1', 'b', '2', 'c', '3');
    expect(await client.call('MGET', 'a', 'b', 'c')).toEqual(['1', '2', '3']);
    client.close();
  });

  test.skipIf(!HAS_IPV6)('IPv6', async () => {
    const client = await TestClient.connect({ host: '::1', port: ipv6Port });
    expect(await client.call('MSET', 'a', '1', 'b', '2')).toBe('OK');
    client.close();
  });
});

describe('what a client says about itself', () => {
  test('names, ids and library', async () => {
    const [one, two] = await Promise.all([connect(), connect()]);
    expect(await one.call('CLIENT', 'GETNAME')).toBe(null);
    expect(await one.call('CLIENT', 'SETNAME', 'first')).toBe('OK');
    expect(await one.call('CLIENT', 'GETNAME')).toBe('first');
    expect(await two.call('CLIENT', 'GETNAME')).toBe(null);
    await expect(one.call('CLIENT', 'SETNAME', 'two words')).rejects.toThrow(
      'ERR Client names cannot contain spaces, newlines or special characters.',
    );
    expect(await one.call('CLIENT', 'SETINFO', 'LIB-NAME', 'test')).toBe('OK');
    expect(await one.call('CLIENT', 'SETINFO', 'lib-ver', '1.0')).toBe('OK');
    const ids = await Promise.all([one.call('CLIENT', 'ID'), two.call('CLIENT', 'ID')]);
    expect(ids[0]).not.toBe(ids[1]);
    expect(Number.isSafeInteger(ids[0]) && Number.isSafeInteger(ids[1])).toBe(true);
    one.close();
    two.close();
  });

  test('SELECT: one database, as a cluster has', async () => {
    const client = await connect();
    expect(await client.call('SELECT', '0')).toBe('OK');
    await expect(client.call('SELECT', '1')).rejects.toThrow(/^ERR /);
    expect(await client.call('PING')).toBe('PONG');
    client.close();
  });

  test('HELLO tells who answers; a wrong version changes nothing', async () => {
    const client = await connect();
    const hello = await client.call('HELLO', '2', 'SETNAME', 'greeter');
    expect(hello).toEqual(expect.arrayContaining(['server', 'redis', 'proto', 2, 'standalone']));
    expect(await client.call('CLIENT', 'GETNAME')).toBe('greeter');
    await expect(client.call('HELLO', '9')).rejects.toThrow(/^NOPROTO/);
    await expect(client.call('HELLO', 'x')).rejects.toThrow(
      /^ERR Protocol version is not an integer/,
    );
    expect(await client.call('GET', 'none')).toBe(null);
    client.close();
  });

  test('HELLO 3 changes what follows, and HELLO 2 changes it back', async () => {
    const client = await connectRaw();
    client.send('HELLO 3\r\n');
    expect((await client.untilEcho()).toString()).toMatch(/^%7\r\n/);
    client.send('GET none\r\nMGET none nope\r\nHELLO 2\r\nGET none\r\n');
    const text = (await client.untilEcho()).toString();
    expect(text.startsWith('_\r\n*2\r\n_\r\n_\r\n*14\r\n')).toBe(true);
    expect(text.endsWith('$-1\r\n')).toBe(true);
    client.close();
  });

  test('what a connecting library asks', async () => {
    const client = await connect();
    expect(await client.call('COMMAND', 'COUNT')).toBeGreaterThan(200);
    expect(await client.call('COMMAND', 'GETKEYS', 'MSET', 'a', '1', 'b', '2')).toEqual(['a', 'b']);
    expect(await client.call('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '300']);
    expect(await client.text('INFO', 'server')).toContain('redis_mode:standalone');
    client.close();
  });
});

describe('the end of a connection', () => {
  test('a client that only finished sending is answered', async () => {
    const client = await connectRaw();
    client.end('SET half 1\r\nGET half\r\nMGET half none\r\nINFO slotgate\r\nNOSUCH\r\nPING\r\n');
    const text = await client.untilEnded();
    expect(text.startsWith('+OK\r\n$1\r\n1\r\n*2\r\n$1\r\n1\r\n$-1\r\n$')).toBe(true);
    expect(
      text.endsWith("-ERR unknown command 'NOSUCH', with args beginning with: \r\n+PONG\r\n"),
    ).toBe(true);
    client.close();
  });

  test("printf 'SET a 1\\r\\n' | nc: the answer comes, whether or not nc ends its side", async () => {
    const stays = await connectRaw();
    stays.send('SET typed 1\r\n');
    await stays.expect('+OK\r\n');
    const ends = await connectRaw();
    ends.end('GET typed\r\n');
    expect(await ends.untilEnded()).toBe('$1\r\n1\r\n');
    // It was not closed meanwhile.
    stays.send('GET typed\r\n');
    await stays.expect('$1\r\n1\r\n');
    for (const client of [stays, ends]) client.close();
  });

  test('a thousand requests and a FIN at once are all answered', async () => {
    const client = await connectRaw();
    client.end('INCR fin\r\n'.repeat(1_000));
    const expected = Array.from({ length: 1_000 }, (_, i) => `:${i + 1}\r\n`).join('');
    expect(await client.untilEnded()).toBe(expected);
    client.close();
  });

  test('QUIT answers and closes; what follows it is not executed', async () => {
    const client = await connectRaw();
    client.send('SET quit 1\r\nQUIT\r\nSET quit 2\r\n');
    expect(await client.untilEnded()).toBe('+OK\r\n+OK\r\n');
    client.close();
    const other = await connect();
    expect(await other.call('GET', 'quit')).toBe('1');
    other.close();
  });

  test('clients that are killed in the middle of pipelines disturb nobody', async () => {
    const steady = await connect();
    for (let round = 0; round < 40; round++) {
      const client = await connectRaw();
      const requests = Array.from({ length: 500 }, (_, i) =>
        encodeRequest(
          i % 3 === 0 ? ['MGET', `k${i}`, `l${i}`, `m${i}`] : ['SET', `k${i}`, 'x'.repeat(i)],
        ),
      );
      client.send(Buffer.concat(requests));
      client.send('*2\r\n$3\r\nGET\r\n$5\r\nha');
      if (round % 2 === 0) {
        await sleep(round / 10);
        client.reset();
      } else {
        client.close();
      }
      expect(await steady.call('ECHO', `round ${round}`)).toBe(`round ${round}`);
      expect(await steady.call('INCR', 'steady')).toBe(round + 1);
    }
    steady.close();
    await untilClients(0);
  });

  test('200 clients come and go, five times', async () => {
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(Array.from({ length: 200 }, connect));
      const replies = await Promise.all(
        clients.map((client, i) => client.call('ECHO', `${round}:${i}`)),
      );
      expect(replies).toEqual(clients.map((_, i) => `${round}:${i}`));
      for (const client of clients) client.close();
    }
    await untilClients(0);
  });

  test('one client too many is refused in the words of a server, until another leaves', async () => {
    const clients = await Promise.all(Array.from({ length: MAX_CLIENTS }, connect));
    await Promise.all(clients.map((client) => client.call('PING')));
    const refused = await connectRaw();
    expect(await refused.untilEnded()).toBe('-ERR max number of clients reached\r\n');
    refused.close();
    expect(await clients[0]?.call('PING')).toBe('PONG');
    for (const client of clients.splice(1)) client.close();
    await untilClients(1);
    const next = await connect();
    expect(await next.call('PING')).toBe('PONG');
    next.close();
    clients[0]?.close();
    await untilClients(0);
  });
});

describe('a client that does not read', () => {
  test('100,000 requests cost bounded memory, and are all answered later', async () => {
    const count = 100_000;
    const value = 'v'.repeat(1_000);
    const setter = await connect();
    await setter.call('SET', 'unread', value);
    const before = proxy.residentBytes();
    const client = await connectRaw();
    client.socket.pause();
    client.send(Buffer.alloc(count * 12, 'GET unread\r\n'));
    await sleep(700);
    expect(proxy.residentBytes() - before).toBeLessThan(64 * MIB);
    expect(await setter.call('GET', 'unread')).toBe(value);
    client.socket.resume();
    const reply = `$1000\r\n${value}\r\n`;
    const replies = await client.take(count * reply.length, 25_000);
    expect(replies.equals(Buffer.alloc(replies.length, reply))).toBe(true);
    client.close();
    setter.close();
  });

  test('large replies that nobody reads wait at the servers, and others are served', async () => {
    const other = await connect();
    await other.call('SET', 'large', 'x'.repeat(4 * MIB));
    const before = proxy.residentBytes();
    const client = await connectRaw();
    client.socket.pause();
    client.send('GET large\r\n'.repeat(40));
    await sleep(500);
    expect(await other.call('GET', 'large')).toHaveLength(4 * MIB);
    expect(proxy.residentBytes() - before).toBeLessThan(64 * MIB);
    client.close();
    other.close();
  });

  test('is closed at the output limit; others are served', async () => {
    const other = await connect();
    await setLarge(other);
    const before = await proxy.metric('slotgate_connections_total', 'closed_for_output_limit');
    const client = await connectRaw();
    // Known for small replies, it may have many requests under way.
    client.send('GET none\r\n'.repeat(40));
    await client.take('$-1\r\n'.length * 40);
    client.socket.pause();
    client.send('MGET a b c\r\n'.repeat(10));
    await waitFor('the client to be closed', async () => {
      const now = await proxy.metric('slotgate_connections_total', 'closed_for_output_limit');
      return now > before;
    });
    expect(await other.call('GET', 'a')).toHaveLength(4 * MIB);
    client.close();
    other.close();
  });
});

test('one joined reply may be larger than the output limit for a client that reads', async () => {
  const client = await connect();
  await setLarge(client);
  const values = await client.call('MGET', 'a', 'b', 'c');
  expect(Array.isArray(values) && values.map(String).map((value) => value.length)).toEqual([
    4 * MIB,
    4 * MIB,
    4 * MIB,
  ]);
  client.close();
});

test('INFO and CONFIG wait for what the client sent before, and hold what it sent after', async () => {
  const client = await connect();
  const replies = await Promise.all([
    client.call('SET', 'order', '1'),
    client.call('INFO', 'slotgate'),
    client.call('INCR', 'order'),
    client.call('CONFIG', 'GET', 'port'),
    client.call('NOSUCH').catch((error: Error) => error.message),
    client.call('INCR', 'order'),
  ]);
  expect(replies.map((reply) => (Array.isArray(reply) ? reply.length : reply))).toEqual([
    'OK',
    expect.stringContaining('slotgate_version'),
    2,
    2,
    expect.stringContaining('unknown command'),
    3,
  ]);
  client.close();
});
