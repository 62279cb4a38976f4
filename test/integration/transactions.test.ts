import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { TestCluster } from '../support/cluster.js';
import { TestProxy, type TestProxyOptions } from '../support/proxy.js';
import { encodeRequest, type RawClient } from '../support/raw-client.js';
import type { TestClient, TestReply } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const TAG = 'a';
const SLOT = 15495;
const ELSEWHERE = '{b}:key';
const CLIENTS = 4;
const THREADS = 2;
const ABORTED = '-EXECABORT Transaction discarded because of previous errors.\r\n';

let cluster: TestCluster;
let proxy: TestProxy;
const cleanUps = cleanUpsAfterEach();
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1, nodeTimeoutMs: 2_000 });
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

function startProxy(options: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
  const args = ['--threads', String(THREADS), '--hold-timeout-ms', '30000'];
  return TestProxy.start({
    seeds: cluster.seeds,
    ...options,
    args: [...args, ...(options.args ?? [])],
  });
}

async function connect(to: TestProxy = proxy): Promise<TestClient> {
  const client = await to.connect();
  cleanUps.push(() => client.close());
  return client;
}

/** A client of a protocol version that shows the bytes it gets. */
async function connectRaw(protocol: 2 | 3): Promise<RawClient> {
  const client = await proxy.connectRaw();
  cleanUps.push(() => client.close());
  client.send(encodeRequest(['HELLO', protocol]));
  await client.untilEcho();
  return client;
}

function send(client: RawClient, ...lines: readonly string[]): void {
  client.send(Buffer.concat(lines.map((line) => encodeRequest(line.split(' ')))));
}

/** Connections of the data plane at each server. */
function linksPerServer(): Promise<readonly number[]> {
  return Promise.all(
    cluster.servers.map(async (server) => {
      const list = await server.text('CLIENT', 'LIST');
      return list.split('\n').filter((line) => /name=slotgate:\S*:\d+ /.test(line)).length;
    }),
  );
}

function texts(reply: TestReply | undefined): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

describe.each([2, 3] as const)('in RESP%i', (protocol) => {
  const nil = protocol === 3 ? '_\r\n' : '*-1\r\n';
  const key = `{${TAG}}:${protocol}`;

  test('a pipelined and an interactive transaction answer as at one server', async () => {
    const client = await connectRaw(protocol);
    const lines = [
      `DEL ${key}`,
      'MULTI',
      `HSET ${key} f 1`,
      `HGETALL ${key}`,
      `GET ${key}`,
      'EXEC',
    ];
    const map = protocol === 3 ? '%1' : '*2';
    const result = `*3\r\n:1\r\n${map}\r\n$1\r\nf\r\n$1\r\n1\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n`;
    send(client, ...lines);
    const queued = '+QUEUED\r\n';
    await client.expect(`:0\r\n+OK\r\n${queued.repeat(3)}${result}`);
    const replies = [':1\r\n', '+OK\r\n', queued, queued, queued, result];
    for (const [i, line] of lines.entries()) {
      send(client, line);
      await client.expect(replies[i] ?? '');
    }
  });

  test('what cannot be queued fails the transaction, and nothing of it is done', async () => {
    const client = await connectRaw(protocol);
    const set = `SET ${key}:untouched 1`;
    const refused = new Map([
      [`SET ${ELSEWHERE} 1`, "-CROSSSLOT Keys in request don't hash to the same slot\r\n"],
      ['GET', "-ERR wrong number of arguments for 'get' command\r\n"],
      ['NOSUCH x', "-ERR unknown command 'NOSUCH', with args beginning with: 'x' \r\n"],
      ['WATCH x', '-ERR WATCH inside MULTI is not allowed\r\n'],
    ]);
    for (const [line, error] of refused) {
      send(client, 'MULTI', set, line, 'EXEC', `EXISTS ${key}:untouched`);
      // WATCH is refused, but does not fail the transaction: so do servers.
      const isFatal = !line.startsWith('WATCH');
      const result = isFatal ? `${ABORTED}:0\r\n` : '*1\r\n+OK\r\n:1\r\n';
      await client.expect(`+OK\r\n+QUEUED\r\n${error}${result}`);
    }
    send(client, 'MULTI', 'MULTI', 'DISCARD', 'DISCARD', 'EXEC', `DEL ${key}:untouched`);
    await client.expect(
      '+OK\r\n-ERR MULTI calls can not be nested\r\n+OK\r\n-ERR DISCARD without MULTI\r\n-ERR EXEC without MULTI\r\n:1\r\n',
    );
  });

  test('a watched key that changes makes EXEC answer nil, and nothing is done', async () => {
    const client = await connectRaw(protocol);
    const other = await connect();
    const tries: readonly (readonly [() => Promise<unknown>, string])[] = [
      [async () => {}, '*1\r\n+OK\r\n'],
      [() => other.call('SET', key, 'theirs'), nil],
      [async () => send(client, 'UNWATCH'), '+OK\r\n'],
    ];
    for (const [meanwhile, expected] of tries) {
      send(client, `SET ${key} 0`, `WATCH ${key}`);
      await client.expect('+OK\r\n+OK\r\n');
      await meanwhile();
      if (expected === '+OK\r\n') {
        await client.expect(expected);
        await other.call('SET', key, 'theirs');
      }
      send(client, 'MULTI', `SET ${key} mine`, 'EXEC');
      const result = expected === nil ? nil : '*1\r\n+OK\r\n';
      await client.expect(`+OK\r\n+QUEUED\r\n${result}`);
      expect(await other.call('GET', key)).toBe(expected === nil ? 'theirs' : 'mine');
    }
  });

  test("the client's own write breaks its watch, too", async () => {
    const client = await connectRaw(protocol);
    send(client, `WATCH ${key}`, `SET ${key} own`, 'MULTI', `GET ${key}`, 'EXEC', `GET ${key}`);
    await client.expect(`+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n${nil}$3\r\nown\r\n`);
  });
});

test('counters that many clients raise under WATCH lose nothing', async () => {
  const key = `{${TAG}}:counter`;
  const raises = 25;
  const raise = async (client: TestClient) => {
    await client.call('WATCH', key);
    const value = Number((await client.call('GET', key)) ?? 0);
    await client.call('MULTI');
    await client.call('SET', key, value + 1);
    return (await client.call('EXEC')) !== null;
  };
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = await connect();
      for (let done = 0; done < raises; ) {
        done += (await raise(client)) ? 1 : 0;
      }
    }),
  );
  expect(await (await connect()).call('GET', key)).toBe(String(CLIENTS * raises));
});

test('5,000 clients in interactive transactions need no connection of their own', async () => {
  const fresh = await startProxy();
  cleanUps.push(() => fresh.stop());
  const before = await linksPerServer();
  const opened = async () => (await linksPerServer()).map((links, i) => links - (before[i] ?? 0));
  const clients = await Promise.all(Array.from({ length: 5_000 }, () => connect(fresh)));
  for (const name of ['MULTI', 'INCR', 'INCR']) {
    const replies = await Promise.all(
      clients.map((client, i) => client.call(name, ...(name === 'INCR' ? [`key:${i}`] : []))),
    );
    expect(new Set(replies)).toEqual(new Set([name === 'MULTI' ? 'OK' : 'QUEUED']));
  }
  // Nothing was sent yet; then two shared links per worker and server do for all of them: one of
  // them for clients of which nothing is known yet.
  expect(Math.max(...(await opened()))).toBeLessThanOrEqual(0);
  const results = await Promise.all(clients.map((client) => client.call('EXEC')));
  expect(results.every((result) => texts(result).join() === '1,2')).toBe(true);
  expect(Math.max(...(await opened()))).toBeLessThanOrEqual(2 * THREADS);
}, 60_000);

test('watchers beyond maxPrivateLinks are told so, and the others are not disturbed', async () => {
  const limited = await startProxy({ args: ['--max-private-links', '4'] });
  cleanUps.push(() => limited.stop());
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(limited)));
  const watches = await Promise.allSettled(
    clients.map((client) => client.call('WATCH', `{${TAG}}:w`)),
  );
  const refused = watches.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(clients.length - 4);
  for (const { reason } of refused as readonly PromiseRejectedResult[]) {
    expect(String(reason)).toMatch(/PROXYBUSY all 2 private links to \S+ are in use/);
  }
  for (const [i, client] of clients.entries()) {
    await client.call('MULTI');
    await client.call('GET', `{${TAG}}:w`);
    expect([i, await client.call('EXEC')]).toEqual([i, [null]]);
  }
  // They are given back.
  expect(await clients.at(-1)?.call('WATCH', `{${TAG}}:w`)).toBe('OK');
});

test('a client that vanishes leaves no watch and no half of a transaction behind', async () => {
  const owner = cluster.server(await cluster.ownerOf(SLOT));
  const key = `{${TAG}}:vanished`;
  const before = (await owner.text('CLIENT', 'LIST')).split('\n').length;
  for (const how of ['close', 'reset'] as const) {
    const client = await connectRaw(2);
    send(client, `WATCH ${key}`, 'MULTI', `SET ${key} 1`);
    await client.expect('+OK\r\n+OK\r\n+QUEUED\r\n');
    client[how]();
  }
  await waitFor(
    'the private links to be closed',
    async () => (await owner.text('CLIENT', 'LIST')).split('\n').length <= before,
  );
  expect(await owner.call('EXISTS', key)).toBe(0);
});

test('the rights of the user hold, and are told at EXEC', async () => {
  await Promise.all(
    cluster.servers.map((server) =>
      server.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@read', '+@transaction'),
    ),
  );
  const client = await proxy.connect({ username: 'reader', password: 'secret' });
  cleanUps.push(() => client.close());
  await client.call('MULTI');
  expect(await client.call('SET', `{${TAG}}:acl`, '1')).toBe('QUEUED');
  await expect(client.call('EXEC')).rejects.toThrow(
    /EXECABORT Transaction discarded because of: NOPERM this user has no permissions to run the 'set' command/,
  );
  await client.call('MULTI');
  await client.call('EXISTS', `{${TAG}}:acl`);
  expect(await client.call('EXEC')).toEqual([0]);
});

/** Pushes tokens to two lists of one slot, each in a transaction. */
class Pusher {
  readonly acknowledged: string[] = [];
  readonly errors: string[] = [];
  readonly #client: TestClient;
  readonly #name: string;

  constructor(client: TestClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async run(lists: readonly [string, string], isOver: () => boolean): Promise<void> {
    for (let n = 0; !isOver(); n++) {
      const token = `${this.#name}:${n}`;
      const calls = [
        this.#client.call('MULTI'),
        ...lists.map((list) => this.#client.call('RPUSH', list, token)),
        this.#client.call('EXEC'),
      ];
      const exec = (await Promise.allSettled(calls)).at(-1);
      if (exec?.status === 'fulfilled') {
        this.acknowledged.push(token);
      } else {
        this.errors.push(String(exec?.reason));
      }
      await sleep(1);
    }
  }
}

/** Runs pushers while `disturb` goes on. Both lists must hold the same, everything once. */
async function pushDuring(name: string, disturb: () => Promise<void>): Promise<readonly Pusher[]> {
  const lists = [`{${TAG}}:${name}:1`, `{${TAG}}:${name}:2`] as const;
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect()));
  const pushers = clients.map((client, i) => new Pusher(client, `${name}${i}`));
  let isOver = false;
  const running = Promise.all(pushers.map((pusher) => pusher.run([...lists], () => isOver)));
  try {
    await disturb();
    await sleep(200);
  } finally {
    isOver = true;
    await running;
  }
  const [first, second] = await Promise.all(
    lists.map(async (list) => texts(await clients[0]?.call('LRANGE', list, 0, -1))),
  );
  expect(first).toEqual(second);
  expect(new Set(first).size).toBe(first?.length);
  expect(first?.length).toBeGreaterThan(CLIENTS);
  return pushers;
}

test('slots that move under transactions: each is done once, and as a whole', async () => {
  const from = await cluster.ownerOf(SLOT);
  const other = await cluster.ownerOf(0);
  const filler = await connect();
  const keys = Array.from({ length: 60 }, (_, i) => `{${TAG}}:filler:${i}`);
  await filler.call('MSET', ...keys.flatMap((key) => [key, key]));
  const move = async (source: number, target: number) => {
    await cluster.openSlot(SLOT, source, target);
    while ((await cluster.moveKeys(SLOT, source, target, 5)) === 5) {
      await sleep(5);
    }
    await cluster.moveKeys(SLOT, source, target);
    await cluster.closeSlot(SLOT, source, target);
  };
  const pushers = await pushDuring('moved', async () => {
    await move(from, other);
    await sleep(100);
    await move(other, from);
  });
  for (const { errors } of pushers) {
    expect(errors).toEqual([]);
  }
}, 60_000);

test('a watch across a move of its slot is broken, and the next one works', async () => {
  const from = await cluster.ownerOf(SLOT);
  const other = await cluster.ownerOf(0);
  const key = `{${TAG}}:watched`;
  const client = await connect();
  await client.call('SET', key, '0');
  const attempt = async (meanwhile: () => Promise<void>) => {
    await client.call('WATCH', key);
    await meanwhile();
    await client.call('MULTI');
    await client.call('INCR', key);
    return client.call('EXEC');
  };
  expect(await attempt(() => cluster.migrateSlot(SLOT, from, other))).toBeNull();
  expect(await attempt(async () => {})).toEqual([1]);
  expect(await attempt(() => cluster.migrateSlot(SLOT, other, from))).toBeNull();
  expect(await attempt(async () => {})).toEqual([2]);
});

test('a manual failover under transactions costs nothing, and breaks watches', async () => {
  const owner = await cluster.ownerOf(SLOT);
  const replica = await cluster.replicaOf(owner);
  const watcher = await connect();
  await watcher.call('WATCH', `{${TAG}}:watched`);
  const pushers = await pushDuring('manual', () => cluster.failover(replica));
  for (const { errors } of pushers) {
    expect(errors).toEqual([]);
  }
  await watcher.call('MULTI');
  await watcher.call('INCR', `{${TAG}}:watched`);
  expect(await watcher.call('EXEC')).toBeNull();
  await cluster.waitUntilOk();
}, 60_000);

test('kill -9 under transactions: done once and as a whole, or of unknown outcome', async () => {
  const owner = await cluster.ownerOf(SLOT);
  const replica = await cluster.replicaOf(owner);
  const watcher = await connect();
  await watcher.call('WATCH', `{${TAG}}:watched`);
  let pushers: readonly Pusher[] = [];
  try {
    pushers = await pushDuring('killed', async () => {
      await sleep(200);
      await cluster.kill(owner);
      await cluster.untilPrimary(replica);
      await (await connect()).call('SET', `{${TAG}}:after`, '1');
    });
    await watcher.call('MULTI');
    await watcher.call('INCR', `{${TAG}}:watched`);
    expect(await watcher.call('EXEC')).toBeNull();
  } finally {
    await cluster.restart(owner);
    await cluster.waitUntilOk();
  }
  for (const { errors } of pushers) {
    for (const error of errors) {
      expect(error).toContain('OUTCOMEUNKNOWN outcome unknown: connection to 127.0.0.1:');
    }
  }
}, 90_000);
