import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { createClient, defineScript } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import type { TestClient } from '../support/resp-client.js';
import { RealServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

/** Spread over all three shards. */
const KEYS = Array.from({ length: 30 }, (_, i) => `key:${i}`);
const PASSWORD = 'secret-of-bob';
const NOSCRIPT = /^NOSCRIPT No matching script/;

let cluster: TestCluster;
let proxy: TestProxy;
let client: TestClient;
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1 });
  proxy = await TestProxy.start({ seeds: cluster.seeds, args: ['--threads', '2'] });
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

let scripts = 0;
/** A script that no other test uses, which increments its key. */
function newScript(): { readonly body: string; readonly digest: string } {
  const body = `local test = ${++scripts}; return redis.call('INCR', KEYS[1])`;
  return { body, digest: createHash('sha1').update(body).digest('hex') };
}

/** The primaries of now, asked directly. */
function atPrimaries(...args: readonly string[]): Promise<unknown> {
  return Promise.all(
    cluster.servers
      .filter((server) => server.isRunning)
      .map(async (server) => {
        const role = await server.call('ROLE');
        return Array.isArray(role) && role[0] === 'master' ? server.call(...args) : null;
      }),
  );
}

function runEverywhere(digest: string, from = client): Promise<readonly unknown[]> {
  return Promise.all(KEYS.map((key) => from.call('EVALSHA', digest, 1, key)));
}

describe('EVALSHA', () => {
  test('of a script that was loaded through the proxy, on keys of every shard', async () => {
    const { body, digest } = newScript();
    await expect(client.call('EVALSHA', digest, 1, 'key:1')).rejects.toThrow(NOSCRIPT);
    expect(await client.call('SCRIPT', 'EXISTS', digest)).toEqual([0]);
    expect(await client.call('SCRIPT', 'LOAD', body)).toBe(digest);
    expect(new Set(await runEverywhere(digest))).toEqual(new Set([1]));
    expect(new Set(await runEverywhere(digest.toUpperCase()))).toEqual(new Set([2]));
  });

  test('of a script that was run once, with EVAL, at one shard', async () => {
    const { body, digest } = newScript();
    await client.call('DEL', ...KEYS);
    const replies = await Promise.all([
      client.call('EVAL', body, 1, KEYS[0] ?? ''),
      runEverywhere(digest),
    ]);
    expect(new Set(replies.flat().slice(2))).toEqual(new Set([1]));
    expect(await client.call('SCRIPT', 'EXISTS', digest)).toEqual([1]);
  });

  test('of a script that does not compile, or whose EVAL was refused', async () => {
    const body = 'this is no Lua';
    const digest = createHash('sha1').update(body).digest('hex');
    await expect(client.call('EVAL', body, 0)).rejects.toThrow(/^ERR Error compiling script/);
    expect(await client.call('SCRIPT', 'EXISTS', digest)).toEqual([0]);
    await expect(client.call('EVALSHA', digest, 0)).rejects.toThrow(NOSCRIPT);
  });

  test('without keys, and of read-only scripts', async () => {
    const body = "return redis.call('GET', KEYS[1])";
    const digest = await client.text('SCRIPT', 'LOAD', body);
    const constant = await client.text('SCRIPT', 'LOAD', 'return ARGV[1]');
    await client.call('SET', 'key:7', 'v');
    expect(await client.call('EVALSHA_RO', digest, 1, 'key:7')).toBe('v');
    expect(await client.call('EVALSHA', constant, 0, 'x')).toBe('x');
  });

  test('after SCRIPT FLUSH: as at a server', async () => {
    const { body, digest } = newScript();
    await client.call('EVAL', body, 1, 'key:1');
    await runEverywhere(digest);
    expect(await client.call('SCRIPT', 'FLUSH')).toBe('OK');
    expect(await client.call('SCRIPT', 'EXISTS', digest)).toEqual([0]);
    for (const key of KEYS) {
      await expect(client.call('EVALSHA', digest, 1, key)).rejects.toThrow(NOSCRIPT);
    }
    await client.call('EVAL', body, 1, 'key:1');
    expect((await runEverywhere(digest)).length).toBe(KEYS.length);
  });

  test('after the servers were flushed by somebody else', async () => {
    const { body, digest } = newScript();
    await client.call('SCRIPT', 'LOAD', body);
    await runEverywhere(digest);
    await client.call('DEL', ...KEYS);
    await atPrimaries('SCRIPT', 'FLUSH');
    for (const key of KEYS) {
      expect(await client.call('EVALSHA', digest, 1, key)).toBe(1);
    }
  });

  test('whose own words are those of a missing script: it runs once', async () => {
    const body =
      "redis.call('INCR', KEYS[1]); return redis.error_reply('NOSCRIPT No matching script. Please use EVAL.')";
    const digest = await client.text('SCRIPT', 'LOAD', body);
    await client.call('DEL', 'forged');
    for (let runs = 1; runs <= 3; runs++) {
      await expect(client.call('EVALSHA', digest, 1, 'forged')).rejects.toThrow(NOSCRIPT);
      expect(await client.call('GET', 'forged')).toBe(String(runs));
    }
  });

  test('in a transaction', async () => {
    const { body, digest } = newScript();
    await client.call('SCRIPT', 'LOAD', body);
    await atPrimaries('SCRIPT', 'FLUSH');
    const fresh = await TestProxy.start({ seeds: cluster.seeds });
    const user = await fresh.connect();
    try {
      const other = newScript();
      await user.call('DEL', ...KEYS);
      await user.call('EVAL', body, 1, 'another');
      for (const key of KEYS.slice(0, 10)) {
        const replies = await Promise.all([
          user.call('MULTI'),
          user.call('EVALSHA', digest, 1, key),
          user.call('EVAL', other.body, 1, key),
          user.call('EVALSHA', other.digest, 1, key),
          user.call('EXEC'),
        ]);
        expect(replies.at(-1)).toEqual([1, 2, 3]);
      }
      await user.call('WATCH', 'key:20');
      await Promise.all([user.call('MULTI'), user.call('EVALSHA', digest, 1, 'key:20')]);
      expect(await user.call('EXEC')).toEqual([1]);
    } finally {
      user.close();
      await fresh.stop();
    }
  });

  test('as a user who may not load scripts', async () => {
    await Promise.all(
      cluster.servers.map((server) =>
        server.call(
          ...['ACL', 'SETUSER', 'bob', 'on', `>${PASSWORD}`, '+@all', '-script|load', '~*', '&*'],
        ),
      ),
    );
    const { body, digest } = newScript();
    await client.call('SCRIPT', 'LOAD', body);
    await client.call('DEL', ...KEYS);
    await atPrimaries('SCRIPT', 'FLUSH');
    const bob = await proxy.connect({ username: 'bob', password: PASSWORD });
    try {
      await expect(bob.call('SCRIPT', 'LOAD', body)).rejects.toThrow(/^NOPERM/);
      for (const key of KEYS) {
        expect(await bob.call('EVALSHA', digest, 1, key)).toBe(1);
      }
    } finally {
      bob.close();
    }
  });
});

describe('libraries', () => {
  test('commands of ioredis', async () => {
    const { body } = newScript();
    const redis = new Redis({ host: '127.0.0.1', port: proxy.port, maxRetriesPerRequest: 0 });
    try {
      redis.defineCommand('bump', { numberOfKeys: 1, lua: body });
      const bump = addedMethod(redis, 'bump');
      await redis.del(KEYS);
      expect(new Set(await Promise.all(KEYS.map((key) => bump(key))))).toEqual(new Set([1]));
      const pipeline = redis.pipeline();
      for (const key of KEYS) {
        addedMethod(pipeline, 'bump')(key);
      }
      const replies = (await pipeline.exec()) ?? [];
      expect(replies.every(([error, n]) => error === null && n === 2)).toBe(true);
    } finally {
      redis.disconnect();
    }
  });

  test('scripts of node-redis', async () => {
    const { body } = newScript();
    const redis = createClient({
      socket: { host: '127.0.0.1', port: proxy.port },
      scripts: {
        bump: defineScript({
          SCRIPT: body,
          NUMBER_OF_KEYS: 1,
          parseCommand: (parser, key: string) => parser.pushKey(key),
          transformReply: (reply: number) => reply,
        }),
      },
    });
    await redis.connect();
    try {
      await redis.del(KEYS);
      expect(new Set(await Promise.all(KEYS.map((key) => redis.bump(key))))).toEqual(new Set([1]));
      expect(await redis.multi().bump('key:1').bump('key:1').exec()).toEqual([2, 3]);
    } finally {
      redis.destroy();
    }
  });
});

test('after a failover, servers that never saw the script', async () => {
  const { body, digest } = newScript();
  await client.call('SCRIPT', 'LOAD', body);
  await runEverywhere(digest);
  await client.call('DEL', ...KEYS);
  await cluster.failover(cluster.primaryCount);
  // A server that was restarted has no scripts, whatever its primary has replicated.
  await cluster.restart(0);
  await cluster.waitUntilOk();
  await waitFor('the restarted server to be in sync', async () =>
    (await cluster.server(0).text('INFO', 'replication')).includes('master_link_status:up'),
  );
  await cluster.failover(0, 'takeover');
  await waitFor('the cluster to serve again', async () => {
    await client.call('MGET', ...KEYS);
    return true;
  });
  expect(new Set(await runEverywhere(digest))).toEqual(new Set([1]));
});

test('a shard that is added is given the functions', async () => {
  const code = "#!lua name=lib\nredis.register_function('echo', function(k) return k[1] end)";
  await client.call('FUNCTION', 'LOAD', code);
  const slot = Number(await cluster.server(0).call('CLUSTER', 'KEYSLOT', 'key:0'));
  const owner = await cluster.ownerOf(slot);
  const added = await RealServer.start({ cluster: true });
  try {
    const id = await added.text('CLUSTER', 'MYID');
    // Above that of all others: what it says of its slots is believed.
    await added.call('CLUSTER', 'SET-CONFIG-EPOCH', 100);
    const members = [added, ...cluster.servers];
    await Promise.all(
      cluster.servers.map((server) => server.call('CLUSTER', 'MEET', added.host, added.port)),
    );
    await waitFor('all servers to know each other', async () => {
      const views = await Promise.all(members.map((server) => server.text('CLUSTER', 'NODES')));
      return views.every(
        (view) => view.trim().split('\n').length === members.length && !view.includes('handshake'),
      );
    });
    await added.call('CLUSTER', 'SETSLOT', slot, 'NODE', id);
    await cluster.server(owner).call('CLUSTER', 'SETSLOT', slot, 'NODE', id);
    await waitFor('the function to be there', async () => {
      const reply = await client.call('FCALL', 'echo', 1, 'key:0').catch(String);
      return reply === 'key:0';
    });
    expect(JSON.stringify(await added.call('FUNCTION', 'LIST'))).toContain('"lib"');
    expect(proxy.log).toContain('functions copied to a new primary');
  } finally {
    await added.stop();
  }
});

/** A command that `defineCommand` added at run time. */
function addedMethod(target: object, name: string): (key: string) => unknown {
  const method: unknown = Reflect.get(target, name);
  if (typeof method !== 'function') {
    throw new Error(`defineCommand added no '${name}'`);
  }
  return (key) => Reflect.apply(method, target, [key]);
}
