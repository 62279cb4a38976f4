import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/** Spread over all three shards. */
const KEYS = Array.from({ length: 60 }, (_, i) => `key:${i}`);

let cluster: TestCluster;
let proxy: TestProxy;
let client: TestClient;
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1 });
  proxy = await TestProxy.start({ seeds: cluster.seeds });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});
beforeEach(async () => {
  client = await proxy.connect();
  await client.call('FLUSHALL');
});
afterEach(() => client.close());

function fill(): Promise<unknown> {
  return client.call('MSET', ...KEYS.flatMap((key) => [key, 'v']));
}

/** The bytes of a reply up to the first line end, in RESP3. */
async function headInResp3(...words: readonly string[]): Promise<string> {
  const raw = await proxy.connectRaw();
  try {
    raw.send('HELLO 3\r\nECHO hello\r\n');
    await waitFor('the greeting', () => raw.text.endsWith('$5\r\nhello\r\n'));
    await raw.take(raw.size);
    raw.send(`${words.join(' ')}\r\n`);
    await waitFor('a reply', () => raw.text.includes('\r\n'));
    return raw.text.split('\r\n')[0] ?? '';
  } finally {
    raw.socket.destroy();
  }
}

describe('keys of all shards', () => {
  test('are counted, listed, drawn and flushed', async () => {
    await fill();
    expect(await client.call('DBSIZE')).toBe(60);
    const listed = await client.call('KEYS', 'key:*');
    expect([...(Array.isArray(listed) ? listed : [])].toSorted()).toEqual(KEYS.toSorted());
    expect(await client.call('KEYS', 'nothing*')).toEqual([]);
    const drawn = new Set(
      await Promise.all(Array.from({ length: 300 }, () => client.text('RANDOMKEY'))),
    );
    const slots = await Promise.all(
      [...drawn].map((key) => cluster.server(0).call('CLUSTER', 'KEYSLOT', key)),
    );
    const owners = await Promise.all(slots.map((slot) => cluster.ownerOf(Number(slot))));
    expect(new Set(owners)).toEqual(new Set([0, 1, 2]));
    expect(await client.call('FLUSHDB', 'ASYNC')).toBe('OK');
    expect(await client.call('DBSIZE')).toBe(0);
    expect(await client.call('RANDOMKEY')).toBeNull();
  });

  test('what is pipelined behind FLUSHALL is not flushed', async () => {
    for (let i = 0; i < 20; i++) {
      const replies = await Promise.all([
        fill(),
        client.call('FLUSHALL'),
        client.call('SET', 'a', i),
        client.call('DBSIZE'),
        client.call('GET', 'a'),
      ]);
      expect(replies).toEqual(['OK', 'OK', 'OK', 1, String(i)]);
    }
  });

  test('RANDOMKEY never draws from an empty shard', async () => {
    await client.call('SET', 'only', '1');
    const drawn = Array.from({ length: 50 }, () => client.call('RANDOMKEY'));
    expect(new Set(await Promise.all(drawn))).toEqual(new Set(['only']));
  });
});

describe('all servers', () => {
  test('get CONFIG SET, replicas included', async () => {
    expect(await client.call('CONFIG', 'SET', 'slowlog-max-len', '77')).toBe('OK');
    for (const server of cluster.servers) {
      expect(await server.call('CONFIG', 'GET', 'slowlog-max-len')).toEqual([
        ...['slowlog-max-len', '77'],
      ]);
    }
    await expect(client.call('CONFIG', 'SET', 'maxclients', '5')).rejects.toThrow(
      "related to argument 'maxclients') - Slotgate has this parameter itself",
    );
    await expect(client.call('CONFIG', 'SET', 'nonsense', '5')).rejects.toThrow(/^ERR Unknown/);
  });

  test('get users, whose rights hold at once', async () => {
    await client.call('ACL', 'SETUSER', 'ann', 'on', '>pw', '~*', '+@all');
    for (const server of cluster.servers) {
      expect(await server.call('ACL', 'USERS')).toContain('ann');
    }
    const ann = await proxy.connect({ username: 'ann', password: 'pw' });
    expect(await ann.call('ACL', 'WHOAMI')).toBe('ann');
    expect(await ann.call('CLIENT', 'LIST')).toContain('user=ann');
    await client.call('ACL', 'SETUSER', 'ann', '-client', '-flushall');
    await expect(ann.call('CLIENT', 'LIST')).rejects.toThrow(/^NOPERM/);
    await expect(ann.call('FLUSHALL')).rejects.toThrow(/^NOPERM/);
    ann.close();
    expect(await client.call('ACL', 'DELUSER', 'ann')).toBe(1);
    expect(await cluster.server(4).call('ACL', 'USERS')).not.toContain('ann');
  });
});

test('a password for the default user is asked for from then on, until it has none', async () => {
  const greeting = async () => {
    const other = await proxy.connect();
    const reply = await other.call('PING').catch(String);
    other.close();
    return String(reply);
  };
  await client.call('ACL', 'SETUSER', 'default', 'resetpass', '>pw');
  await waitFor('new clients to need the password', async () =>
    (await greeting()).includes('NOAUTH Authentication required.'),
  );
  const known = await proxy.connect({ password: 'pw' });
  expect(await known.call('SET', 'a', '1')).toBe('OK');
  await known.call('ACL', 'SETUSER', 'default', 'nopass');
  known.close();
  await waitFor('new clients to need none', async () => (await greeting()) === 'PONG');
});

test('a user without rights gets the servers’ refusal', async () => {
  await client.call('ACL', 'SETUSER', 'bob', 'on', '>pw', '~*', '+get');
  const bob = await proxy.connect({ username: 'bob', password: 'pw' });
  const lines = [
    ...['DBSIZE', 'KEYS *', 'RANDOMKEY', 'FLUSHALL', 'INFO', 'INFO slotgate', 'ROLE', 'LASTSAVE'],
    ...['CONFIG GET save', 'CONFIG GET port', 'CONFIG SET save x', 'CONFIG RESETSTAT', 'ACL LOG'],
    ...['ACL WHOAMI', 'SCRIPT EXISTS x', 'SCRIPT FLUSH', 'SCRIPT KILL', 'FUNCTION STATS'],
    ...['MEMORY STATS', 'LATENCY LATEST', 'BGSAVE', 'WAIT 0 0', 'MODULE LIST', 'FUNCTION LIST'],
  ];
  for (const line of lines) {
    await expect(bob.call(...line.split(' ')), line).rejects.toThrow(/^NOPERM/);
  }
  bob.close();
  await client.call('ACL', 'DELUSER', 'bob');
});

describe('RESP3', () => {
  test.each([
    ['CONFIG GET maxmemory*', /^%\d+$/],
    ['INFO server', /^=\d+$/],
    ['MEMORY STATS', /^%\d+$/],
    ['MEMORY DOCTOR', /^=\d+$/],
    ['LATENCY HISTOGRAM', /^%\d+$/],
    ['FUNCTION STATS', /^%2$/],
    ['ROLE', /^\*3$/],
    ['DBSIZE', /^:\d+$/],
    ['RANDOMKEY', /^_$/],
    ['LASTSAVE', /^:\d+$/],
  ])('%s', async (line, head) => {
    expect(await headInResp3(...line.split(' '))).toMatch(head);
  });
});

describe('scripts', () => {
  test('are loaded on every shard, and flushed', async () => {
    const digest = await client.text('SCRIPT', 'LOAD', "return redis.call('INCR', KEYS[1])");
    expect(await client.call('SCRIPT', 'EXISTS', digest, 'f'.repeat(40))).toEqual([1, 0]);
    const replies = KEYS.map((key) => client.call('EVALSHA', digest, 1, key));
    expect(new Set(await Promise.all(replies))).toEqual(new Set([1]));
    expect(await client.call('SCRIPT', 'FLUSH')).toBe('OK');
    expect(await client.call('SCRIPT', 'EXISTS', digest)).toEqual([0]);
    await expect(client.call('EVALSHA', digest, 1, 'key:1')).rejects.toThrow(/^NOSCRIPT/);
  });

  test('that run for ever are killed, also by a client that shares their link', async () => {
    await client.call('CONFIG', 'SET', 'busy-reply-threshold', '50');
    const other = await proxy.connect();
    const endless = client.call('EVAL', 'while true do end', '1', 'key:1').catch(String);
    await waitFor('the script to run', async () => {
      const replies = cluster.servers.map((server) => server.call('PING').catch(String));
      return (await Promise.all(replies)).some((reply) => String(reply).includes('BUSY'));
    });
    expect(await other.call('SCRIPT', 'KILL')).toBe('OK');
    expect(await endless).toContain('Script killed by user');
    await expect(other.call('SCRIPT', 'KILL')).rejects.toThrow(/^NOTBUSY/);
    other.close();
    await client.call('CONFIG', 'SET', 'busy-reply-threshold', '5000');
  });

  test('functions are loaded on every shard', async () => {
    const code = "#!lua name=lib\nredis.register_function('f', function(k) return k[1] end)";
    expect(await client.call('FUNCTION', 'LOAD', code)).toBe('lib');
    expect(await Promise.all(KEYS.map((key) => client.call('FCALL', 'f', 1, key)))).toEqual(KEYS);
    await expect(client.call('FUNCTION', 'LOAD', code)).rejects.toThrow(/already exists$/);
    expect(JSON.stringify(await client.call('FUNCTION', 'STATS'))).toContain('"libraries_count",1');
    expect(await client.call('FUNCTION', 'DELETE', 'lib')).toBe('OK');
    expect(await client.call('FUNCTION', 'LIST')).toEqual([]);
  });
});

describe('WAIT', () => {
  test('counts the replicas of the shard that has the fewest', async () => {
    await fill();
    expect(await client.call('WAIT', 1, 10_000)).toBe(1);
    expect(await client.call('WAIT', 2, 30)).toBe(1);
    expect(await client.call('WAIT', 0, 0)).toBe(1);
  });

  test('a client that is gone waits no longer, and holds up nobody', async () => {
    const gone = await proxy.connect();
    await gone.call('SET', 'a', '1');
    gone.call('WAIT', 5, 0).catch(() => undefined);
    await client.call('PING');
    gone.close();
    expect(await client.call('SET', 'a', '2')).toBe('OK');
    expect(await client.call('WAIT', 1, 10_000)).toBe(1);
  });
});

describe('settings', () => {
  let strict: TestProxy;
  beforeAll(async () => {
    strict = await TestProxy.start({
      seeds: cluster.seeds,
      args: [
        ...['--max-merged-reply-bytes', '64kb', '--deny-command', 'config set'],
        ...['--deny-command', 'script', '--allow-command', 'debug'],
      ],
    });
  });
  afterAll(() => strict?.stop());

  test('a joined reply beyond the limit is an error, and the client goes on', async () => {
    const big = Array.from({ length: 70 }, (_, i) => `${'x'.repeat(1_000)}:${i}`);
    await client.call('MSET', ...big.flatMap((key) => [key, '1']));
    const other = await strict.connect();
    await expect(other.call('KEYS', '*')).rejects.toThrow('maxMergedReplyBytes');
    expect(await other.call('DBSIZE')).toBe(70);
    other.close();
  });

  test('commands are denied and allowed', async () => {
    const other = await strict.connect();
    await expect(other.call('CONFIG', 'SET', 'save', '')).rejects.toThrow(
      "ERR command is not allowed through Slotgate: 'config|set'",
    );
    await expect(other.call('SCRIPT', 'LOAD', 'return 1')).rejects.toThrow('not allowed');
    expect(await other.call('CONFIG', 'GET', 'port')).toEqual(['port', String(strict.port)]);
    expect(await other.call('DEBUG', 'SLEEP', '0')).toBe('OK');
    await expect(client.call('DEBUG', 'SLEEP', '0')).rejects.toThrow(
      "not allowed through Slotgate: 'debug'",
    );
    other.close();
  });

  test('a reload denies and allows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slotgate-policy-'));
    const file = join(folder, 'slotgate.yaml');
    writeFileSync(file, 'denyCommands: [dbsize]\n');
    const reloaded = await TestProxy.start({ seeds: cluster.seeds, args: ['--config', file] });
    try {
      const other = await reloaded.connect();
      await expect(other.call('DBSIZE')).rejects.toThrow("not allowed through Slotgate: 'dbsize'");
      writeFileSync(file, 'denyCommands: [keys]\n');
      reloaded.signal('SIGHUP');
      await waitFor('the reload', async () => (await other.call('DBSIZE').catch(String)) === 0);
      await expect(other.call('KEYS', '*')).rejects.toThrow('not allowed');
      other.close();
    } finally {
      await reloaded.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
