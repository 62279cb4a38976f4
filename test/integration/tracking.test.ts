import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nativeAddon } from '../../src/native/index.js';
import { Connection } from '../conformance/support/connection.js';
import type { Reply } from '../conformance/support/reply.js';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { waitFor } from '../support/wait.js';

/** Keys of three shards. */
const KEYS = ['foo', 'bar', 'hello'];
const ALL = null;
const QUIET_MS = 150;

let cluster: TestCluster;
let proxy: TestProxy;
let writer: Connection;
const open: Connection[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start();
  proxy = await TestProxy.start({ seeds: cluster.seeds, args: ['--threads', '2'] });
  writer = await connect();
});
afterAll(async () => {
  for (const client of open) {
    client.close();
  }
  await proxy?.stop();
  await cluster?.stop();
});
beforeEach(async () => {
  for (const key of KEYS) {
    expect(await ask(writer, `SET ${key} 0`)).toBe('OK');
  }
});

async function connect(protocol: 2 | 3 = 2, port = proxy.port): Promise<Connection> {
  const client = await Connection.open(port, protocol);
  open.push(client);
  return client;
}

/** Sends a command. @returns Its reply as text; pushes stay where they are. */
async function ask(client: Connection, line: string): Promise<string> {
  client.send(line.split(' '));
  return textOf(await client.take('answers', 15_000));
}

function textOf(reply: Reply): string {
  if ('text' in reply) {
    return reply.text;
  }
  if (reply.kind === 'map') {
    return reply.entries.map((entry) => entry.map(textOf).join('=')).join(' ');
  }
  return 'items' in reply ? reply.items.map(textOf).join(',') : reply.kind;
}

/** The keys of the next invalidation; `ALL` if it voids everything; undefined if none comes. */
async function told(client: Connection, timeoutMs = 15_000): Promise<string | null | undefined> {
  const push = await client.take('messages', timeoutMs);
  const [kind, keys] = push.kind === 'push' ? push.items : [];
  if (kind === undefined || keys === undefined) {
    return undefined;
  }
  expect(textOf(kind)).toBe('invalidate');
  return keys.kind === 'null' ? ALL : textOf(keys);
}

async function tracking(...options: readonly string[]): Promise<Connection> {
  const client = await connect(3);
  expect(await ask(client, ['CLIENT TRACKING ON', ...options].join(' '))).toBe('OK');
  return client;
}

describe('a RESP3 client is told of keys that it has read', () => {
  test('of every shard, once each', async () => {
    const reader = await tracking();
    for (const key of KEYS) {
      expect(await ask(reader, `GET ${key}`)).toBe('0');
      await ask(writer, `SET ${key} 1`);
      expect(await told(reader)).toBe(key);
      await ask(writer, `SET ${key} 2`);
    }
    expect(await told(reader, QUIET_MS)).toBeUndefined();
  });

  test('keys of MGET over several shards', async () => {
    const reader = await tracking();
    expect(await ask(reader, `MGET ${KEYS.join(' ')}`)).toBe('0,0,0');
    await ask(writer, 'DEL hello');
    expect(await told(reader)).toBe('hello');
  });

  test('keys that a transaction read', async () => {
    const reader = await tracking();
    await ask(reader, 'MULTI');
    await ask(reader, 'GET foo');
    expect(await ask(reader, 'EXEC')).toBe('0');
    await ask(writer, 'SET foo 1');
    expect(await told(reader)).toBe('foo');
  });

  test('also of what it changes itself, but with NOLOOP', async () => {
    const loud = await tracking();
    await ask(loud, 'GET foo');
    await ask(loud, 'SET foo 1');
    expect(await told(loud)).toBe('foo');
    const quiet = await tracking('NOLOOP');
    await ask(quiet, 'GET foo');
    await ask(quiet, 'SET foo 1');
    expect(await told(quiet, QUIET_MS)).toBeUndefined();
  });

  test('not after TRACKING OFF; then it shares links again', async () => {
    const reader = await tracking();
    await ask(reader, 'GET foo');
    const before = await proxy.metric('slotgate_bound_clients');
    expect(await ask(reader, 'CLIENT TRACKING OFF')).toBe('OK');
    expect(await ask(reader, 'CLIENT GETREDIR')).toBe('-1');
    await ask(reader, 'GET foo');
    await ask(writer, 'SET foo 1');
    expect(await told(reader, QUIET_MS)).toBeUndefined();
    expect(await proxy.metric('slotgate_bound_clients')).toBe(before - 1);
  });

  test('OPTIN: only of what is read behind CACHING YES', async () => {
    const reader = await tracking('OPTIN');
    await ask(reader, 'GET foo');
    await ask(writer, 'SET foo 1');
    expect(await ask(reader, 'CLIENT CACHING YES')).toBe('OK');
    expect(await ask(reader, 'GET bar')).toBe('0');
    expect(await ask(reader, 'GET hello')).toBe('0');
    await ask(writer, 'SET hello 1');
    await ask(writer, 'SET bar 1');
    expect(await told(reader)).toBe('bar');
    expect(await told(reader, QUIET_MS)).toBeUndefined();
  });

  test('OPTOUT: not of what is read behind CACHING NO', async () => {
    const reader = await tracking('OPTOUT');
    expect(await ask(reader, 'CLIENT CACHING NO')).toBe('OK');
    await ask(reader, 'GET foo');
    await ask(reader, 'GET bar');
    await ask(writer, 'SET foo 1');
    await ask(writer, 'SET bar 1');
    expect(await told(reader)).toBe('bar');
  });

  test('BCAST: of all keys with its prefixes, on all shards, from the answer on', async () => {
    const reader = await tracking('BCAST', 'PREFIX', 'h', 'PREFIX', 'f');
    await ask(writer, 'SET foo 1');
    expect(await told(reader)).toBe('foo');
    await ask(writer, 'SET bar 1');
    await ask(writer, 'SET hello 1');
    expect(await told(reader)).toBe('hello');
  });

  test('a copy that nobody voids is a true one', async () => {
    const reader = await tracking();
    for (let round = 1; round <= 50; round++) {
      reader.sendAll(Array.from({ length: 20 }, () => ['GET', 'foo']));
      expect(await ask(writer, `SET foo ${round}`)).toBe('OK');
      // In the order of their arrival: a value makes a copy, an invalidation voids it.
      let copy: string | null = null;
      let answers = 0;
      while (answers < 20 || (copy !== null && copy !== String(round))) {
        const frame = await reader.take('any', 15_000);
        expect(frame.kind).not.toBe('missing');
        answers += frame.kind === 'push' ? 0 : 1;
        copy = frame.kind === 'push' ? null : textOf(frame);
      }
    }
  });

  test('TRACKINGINFO', async () => {
    const reader = await tracking('BCAST', 'NOLOOP', 'PREFIX', 'a');
    expect(await ask(reader, 'CLIENT TRACKINGINFO')).toBe(
      'flags=on,bcast,noloop redirect=0 prefixes=a',
    );
  });
});

describe('redirects', () => {
  test.each([2, 3] as const)('a RESP2 client has one of RESP%i told', async (protocol) => {
    const listener = await connect(protocol);
    const id = await ask(listener, 'CLIENT ID');
    if (protocol === 2) {
      expect(await ask(listener, 'SUBSCRIBE __redis__:invalidate')).toContain('subscribe');
    }
    const reader = await connect();
    expect(await ask(reader, `CLIENT TRACKING ON REDIRECT ${id}`)).toBe('OK');
    expect(await ask(reader, 'CLIENT GETREDIR')).toBe(id);
    expect(await ask(reader, 'GET foo')).toBe('0');
    await ask(writer, 'SET foo 1');
    const message = await listener.take(protocol === 3 ? 'messages' : 'any', 15_000);
    expect(textOf(message)).toBe(
      protocol === 3 ? 'invalidate,foo' : 'message,__redis__:invalidate,foo',
    );
    listener.close();
    await waitFor('the redirect to be broken', async () => {
      await ask(reader, 'GET foo');
      await ask(writer, 'SET foo 2');
      return (await ask(reader, 'CLIENT TRACKINGINFO')).includes('broken_redirect');
    });
  });

  test('the target must exist', async () => {
    const reader = await connect();
    expect(await ask(reader, 'CLIENT TRACKING ON REDIRECT 999999')).toBe(
      'ERR The client ID you want redirect to does not exist',
    );
    expect(await ask(reader, 'CLIENT GETREDIR')).toBe('-1');
  });
});

describe('where it is in doubt, all copies are void', () => {
  test('a slot moves away from a server that was read from', async () => {
    const reader = await tracking();
    await ask(reader, 'GET foo');
    const slot = nativeAddon().slotForKey(Buffer.from('foo'));
    const from = await cluster.ownerOf(slot);
    await cluster.migrateSlot(slot, from, (from + 1) % 3);
    // The proxy learns of it from the next request.
    await ask(writer, 'SET foo 5');
    expect(['foo', ALL]).toContain(await told(reader));
    expect(await ask(reader, 'GET foo')).toBe('5');
    await ask(writer, 'SET foo 6');
    await waitFor('the next one', async () => (await told(reader)) === 'foo');
  });

  test('a server closes the private link', async () => {
    const reader = await tracking();
    await ask(reader, 'GET foo');
    const owner = await cluster.ownerOf(nativeAddon().slotForKey(Buffer.from('foo')));
    await cluster.servers[owner]?.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await told(reader)).toBe(ALL);
    await waitFor('the proxy to serve', async () => (await ask(reader, 'GET foo')) === '0');
    await ask(writer, 'SET foo 1');
    await waitFor('an invalidation', async () => (await told(reader)) === 'foo');
  });
});

describe('the words of a server', () => {
  test.each([
    ['CLIENT TRACKING MAYBE', 'ERR syntax error'],
    ['CLIENT TRACKING ON WHAT', 'ERR syntax error'],
    ['CLIENT TRACKING ON PREFIX a', 'ERR PREFIX option requires BCAST mode to be enabled'],
    ['CLIENT TRACKING ON BCAST OPTIN', 'ERR OPTIN and OPTOUT are not compatible with BCAST'],
    ['CLIENT TRACKING ON OPTIN OPTOUT', "ERR You can't specify both OPTIN mode and OPTOUT mode"],
    [
      'CLIENT CACHING YES',
      'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
    ],
  ])('%s', async (line, text) => {
    const client = await connect(3);
    expect(await ask(client, line)).toBe(text);
    const [word = '', ...rest] = line.split(' ');
    await expect(cluster.servers[0]?.call(word, ...rest)).rejects.toThrow(text);
  });

  test('overlapping prefixes', async () => {
    const client = await connect(3);
    expect(await ask(client, 'CLIENT TRACKING ON BCAST PREFIX ab PREFIX abc')).toBe(
      "ERR Prefix 'ab' overlaps with another provided prefix 'abc'. Prefixes for a single client must not overlap.",
    );
    await ask(client, 'CLIENT TRACKING ON BCAST PREFIX ab');
    expect(await ask(client, 'CLIENT TRACKING ON BCAST PREFIX a')).toBe(
      "ERR Prefix 'a' overlaps with an existing prefix 'ab'. Prefixes for a single client must not overlap.",
    );
  });
});

test('the number of tracking clients is bounded', async () => {
  const small = await TestProxy.start({
    seeds: cluster.seeds,
    args: ['--max-tracking-clients', '1'],
  });
  try {
    const one = await connect(3, small.port);
    const two = await connect(3, small.port);
    expect(await ask(one, 'CLIENT TRACKING ON')).toBe('OK');
    expect(await ask(two, 'CLIENT TRACKING ON')).toBe(
      'ERR max number of tracking clients reached (maxTrackingClients)',
    );
    one.close();
    await waitFor('room', async () => (await ask(two, 'CLIENT TRACKING ON')) === 'OK');
  } finally {
    await small.stop();
  }
});
