import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy, type TestProxyOptions } from '../support/proxy.js';
import { encodeRequest, type RawClient } from '../support/raw-client.js';
import type { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

const TAG = 'a';
const SLOT = 15495;
const LIST = `{${TAG}}:list`;
const UNBLOCKED = '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n';

let cluster: TestCluster;
let proxy: TestProxy;
let helper: TestClient;
const cleanUps: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1, nodeTimeoutMs: 2_000 });
  proxy = await startProxy(['--hold-timeout-ms', '30000', '--threads', '2']);
  helper = await proxy.connect();
});
afterAll(async () => {
  helper?.close();
  await proxy?.stop();
  await cluster?.stop();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await helper.call('DEL', LIST);
});

function startProxy(args: readonly string[], options: Partial<TestProxyOptions> = {}) {
  return TestProxy.start({ seeds: cluster.seeds, ...options, args });
}

async function connect(to: TestProxy = proxy): Promise<TestClient> {
  const client = await to.connect();
  cleanUps.push(() => client.close());
  return client;
}

async function connectRaw(protocol: 2 | 3 = 2, to: TestProxy = proxy): Promise<RawClient> {
  const client = await to.connectRaw();
  cleanUps.push(() => client.close());
  client.send(encodeRequest(['HELLO', protocol]));
  await client.untilEcho();
  return client;
}

function send(client: RawClient, ...lines: readonly string[]): void {
  client.send(Buffer.concat(lines.map((line) => encodeRequest(line.split(' ')))));
}

/** Clients that wait at the servers of the cluster. */
async function blockedAtServers(): Promise<number> {
  const counts = await Promise.all(
    cluster.servers
      .filter((server) => server.isRunning)
      .map(async (server) => {
        const info = await server.text('INFO', 'clients');
        return Number(/^blocked_clients:(\d+)/m.exec(info)?.[1]);
      }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function untilBlocked(count: number): Promise<void> {
  return waitFor(`${count} blocked clients`, async () => (await blockedAtServers()) === count);
}

async function idOf(client: RawClient): Promise<string> {
  send(client, 'CLIENT ID');
  const reply = (await client.untilEcho()).toString();
  return reply.slice(1, -2);
}

describe.each([2, 3] as const)('in RESP%i', (protocol) => {
  const nil = protocol === 3 ? '_\r\n' : '*-1\r\n';
  const score = protocol === 3 ? ',2\r\n' : '$1\r\n2\r\n';
  const popped = (value: string) => `*2\r\n$${LIST.length}\r\n${LIST}\r\n$1\r\n${value}\r\n`;

  test.each([
    [`BLPOP ${LIST} {a}:none 0`, `RPUSH ${LIST} 1`, popped('1')],
    [`BRPOP ${LIST} 0`, `RPUSH ${LIST} 1`, popped('1')],
    [`BLMOVE ${LIST} {a}:to LEFT RIGHT 0`, `RPUSH ${LIST} 1`, '$1\r\n1\r\n'],
    [
      `BLMPOP 0 1 ${LIST} LEFT COUNT 2`,
      `RPUSH ${LIST} 1`,
      `*2\r\n$${LIST.length}\r\n${LIST}\r\n*1\r\n$1\r\n1\r\n`,
    ],
    [
      `BZPOPMIN ${LIST} 0`,
      `ZADD ${LIST} 2 m`,
      `*3\r\n$${LIST.length}\r\n${LIST}\r\n$1\r\nm\r\n${score}`,
    ],
    [
      `XREAD COUNT 1 BLOCK 0 STREAMS ${LIST} $`,
      `XADD ${LIST} 5-0 f v`,
      `${protocol === 3 ? '%1\r\n' : '*1\r\n*2\r\n'}$${LIST.length}\r\n${LIST}\r\n*1\r\n*2\r\n$3\r\n5-0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n`,
    ],
  ])('%s waits for %s', async (waiting, filling, expected) => {
    const client = await connectRaw(protocol);
    send(client, waiting);
    await untilBlocked(1);
    await helper.call(...filling.split(' '));
    await client.expect(expected);
    expect(await blockedAtServers()).toBe(0);
  });

  test('what is there is answered at once, and nothing in time is nil', async () => {
    const client = await connectRaw(protocol);
    await helper.call('RPUSH', LIST, '1');
    send(client, `BLPOP ${LIST} 0`, `BLPOP ${LIST} 0.05`, `XREAD BLOCK 50 STREAMS {a}:none $`);
    await client.expect(`${popped('1')}${nil}${nil}`);
  });

  test('errors are those of the server', async () => {
    const client = await connectRaw(protocol);
    await helper.call('SET', LIST, 'string');
    send(client, `BLPOP ${LIST} 0`, `BLPOP ${LIST} x`, `BLPOP ${LIST} -1`, `BLPOP ${LIST} {b} 0`);
    await client.expect(
      [
        '-WRONGTYPE Operation against a key holding the wrong kind of value',
        '-ERR timeout is not a float or out of range',
        '-ERR timeout is negative',
        "-CROSSSLOT Keys in request don't hash to the same slot",
        '',
      ].join('\r\n'),
    );
  });

  test('CLIENT UNBLOCK ends the wait as at a server', async () => {
    const client = await connectRaw(protocol);
    const id = await idOf(client);
    expect(await helper.call('CLIENT', 'UNBLOCK', id)).toBe(0);
    for (const [mode, expected] of [
      ['TIMEOUT', nil],
      ['ERROR', UNBLOCKED],
    ] as const) {
      send(client, `BLPOP ${LIST} 0`);
      await untilBlocked(1);
      expect(await helper.call('CLIENT', 'UNBLOCK', id, mode)).toBe(1);
      await client.expect(expected);
    }
  });

  test('within a transaction nothing waits', async () => {
    const client = await connectRaw(protocol);
    send(client, 'MULTI', `BLPOP ${LIST} 0`, 'EXEC');
    await client.expect(`+OK\r\n+QUEUED\r\n*1\r\n${nil}`);
  });
});

test('what is pipelined behind a blocked command waits for it, and nothing before it is lost', async () => {
  const client = await connectRaw();
  const key = `{${TAG}}:behind`;
  await helper.call('DEL', key);
  send(client, `SET ${key} before`, `BLPOP ${LIST} 0`, `SET ${key} behind`, 'PING');
  await client.expect('+OK\r\n');
  await untilBlocked(1);
  expect(await helper.call('GET', key)).toBe('before');
  await helper.call('RPUSH', LIST, '1');
  await client.expect(`*2\r\n$${LIST.length}\r\n${LIST}\r\n$1\r\n1\r\n+OK\r\n+PONG\r\n`);
  expect(await helper.call('GET', key)).toBe('behind');
});

test('200 blocked clients delay nobody, and each gets one element', async () => {
  const clients = await Promise.all(Array.from({ length: 200 }, () => connect()));
  const pops = clients.map((client) => client.call('BLPOP', LIST, '0'));
  let answered = 0;
  for (const pop of pops) void pop.then(() => answered++);
  await untilBlocked(clients.length);
  for (let i = 0; i < 100; i++) {
    await helper.call('SET', `{${TAG}}:other`, i);
    expect(await helper.call('GET', `{${TAG}}:other`)).toBe(String(i));
  }
  expect(answered).toBe(0);
  expect(await blockedAtServers()).toBe(clients.length);
  await Promise.all(clients.map((_, i) => helper.call('RPUSH', LIST, `token:${i}`)));
  const tokens = (await Promise.all(pops)).map((reply) => String(reply).split(',')[1]);
  expect(new Set(tokens).size).toBe(clients.length);
  expect(await helper.call('LLEN', LIST)).toBe(0);
});

test.each([
  ['close', ''],
  ['reset', ''],
  ['end', ''],
  ['close', 'PING'],
  ['reset', 'PING'],
  ['end', 'PING'],
] as const)(
  'nothing is popped for a client that is gone (%s, behind it: "%s")',
  async (how, line) => {
    const client = await connectRaw();
    send(client, `BLPOP ${LIST} 0`, ...(line === '' ? [] : [line]));
    await untilBlocked(1);
    client[how]();
    await untilBlocked(0);
    await helper.call('RPUSH', LIST, '1');
    expect(await helper.call('LRANGE', LIST, 0, -1)).toEqual(['1']);
  },
);

test('more waiters than private links: the others are told so', async () => {
  const limited = await startProxy(['--max-private-links', '2', '--threads', '1']);
  cleanUps.push(() => limited.stop());
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(limited)));
  const pops = await Promise.all(
    clients.map((client) => client.call('BLPOP', LIST, '3').catch((error: Error) => error.message)),
  );
  const refused = pops.filter((reply) => /^PROXYBUSY all 2 private links/.test(String(reply)));
  expect([refused.length, pops.filter((reply) => reply === null).length]).toEqual([3, 2]);
});

describe('a slot that moves while a client waits', () => {
  test('the client goes on at the new owner, however long it has waited', async () => {
    // Far less than it waits: only what it is held counts.
    const hasty = await startProxy(['--hold-timeout-ms', '1000']);
    cleanUps.push(() => hasty.stop());
    const from = await cluster.ownerOf(SLOT);
    const to = await cluster.ownerOf(0);
    const client = await connect(hasty);
    const pop = client.call('BLPOP', LIST, '0');
    await untilBlocked(1);
    await sleep(1_200);
    await cluster.migrateSlot(SLOT, from, to);
    try {
      await waitFor('the client to wait at the new owner', async () =>
        (await cluster.server(to).text('INFO', 'clients')).includes('blocked_clients:1'),
      );
      await helper.call('RPUSH', LIST, '1');
      expect(await pop).toEqual([LIST, '1']);
    } finally {
      await cluster.migrateSlot(SLOT, to, from);
    }
  });

  test('a time-out goes on where it was', async () => {
    const from = await cluster.ownerOf(SLOT);
    const to = await cluster.ownerOf(0);
    const client = await connect();
    const pop = client.call('BLPOP', LIST, '2');
    await untilBlocked(1);
    await cluster.migrateSlot(SLOT, from, to);
    expect(await pop).toBeNull();
    await cluster.migrateSlot(SLOT, to, from);
  });
});

/** Takes elements until it is told to stop; every element it got. */
async function popAll(client: TestClient, isOver: () => boolean): Promise<readonly string[]> {
  const tokens: string[] = [];
  while (!isOver()) {
    const reply = await client.call('BLPOP', LIST, '0.3');
    if (Array.isArray(reply)) {
      tokens.push(String(reply[1]));
    }
  }
  return tokens;
}

test('a manual failover while clients wait loses no element and gives none twice', async () => {
  const replica = await cluster.replicaOf(await cluster.ownerOf(SLOT));
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect()));
  let isOver = false;
  const popping = Promise.all(clients.map((client) => popAll(client, () => isOver)));
  const pushed: string[] = [];
  const push = async (count: number) => {
    for (let i = 0; i < count; i++) {
      pushed.push(`token:${pushed.length}`);
      await helper.call('RPUSH', LIST, pushed.at(-1) ?? '');
    }
  };
  await push(100);
  await Promise.all([cluster.failover(replica), push(300)]);
  await push(100);
  await waitFor('the list to be empty', async () => (await helper.call('LLEN', LIST)) === 0);
  isOver = true;
  const popped = (await popping).flat();
  expect([...popped].sort()).toEqual([...pushed].sort());
  await cluster.waitUntilOk();
}, 60_000);

test('a client that waits for ever is thrown out by a failover, and goes on at the new primary', async () => {
  const replica = await cluster.replicaOf(await cluster.ownerOf(SLOT));
  const client = await connect();
  const pop = client.call('BLPOP', LIST, '0');
  await untilBlocked(1);
  await cluster.failover(replica);
  await waitFor('the client to wait at the new primary', async () =>
    (await cluster.server(replica).text('INFO', 'clients')).includes('blocked_clients:1'),
  );
  await helper.call('RPUSH', LIST, '1');
  expect(await pop).toEqual([LIST, '1']);
  await cluster.waitUntilOk();
}, 60_000);

test('kill -9 of the primary: whoever waits there is told that the outcome is unknown', async () => {
  await cluster.waitUntilOk();
  const owner = await cluster.ownerOf(SLOT);
  const replica = await cluster.replicaOf(owner);
  const client = await connect();
  const pop = client.call('BLPOP', LIST, '0').catch((error: Error) => error.message);
  // This one only reads: it goes on.
  const reader = await connect();
  const read = reader.call('XREAD', 'BLOCK', '0', 'STREAMS', `{${TAG}}:stream`, '0');
  read.catch(() => undefined); // looked at below
  await untilBlocked(2);
  try {
    await cluster.kill(owner);
    expect(await pop).toMatch(
      /^OUTCOMEUNKNOWN outcome unknown: connection to 127\.0\.0\.1:\d+ \(slot 15495\) was lost after the command was sent$/,
    );
    await cluster.untilPrimary(replica);
    await helper.call('XADD', `{${TAG}}:stream`, '1-0', 'f', 'v');
    expect(await read).toEqual([[`{${TAG}}:stream`, [['1-0', ['f', 'v']]]]]);
  } finally {
    await cluster.restart(owner);
    await cluster.waitUntilOk();
  }
}, 90_000);

test('a primary that hangs pops nothing for whom it was given up', async () => {
  await cluster.waitUntilOk();
  const owner = await cluster.ownerOf(SLOT);
  const replica = await cluster.replicaOf(owner);
  const client = await connect();
  const pop = client.call('BLPOP', LIST, '0').catch((error: Error) => error.message);
  await untilBlocked(1);
  try {
    await cluster.kill(owner, 'SIGSTOP');
    await cluster.untilPrimary(replica);
    expect(await pop).toContain('OUTCOMEUNKNOWN');
    expect(await client.call('RPUSH', LIST, '1')).toBe(1);
  } finally {
    await cluster.kill(owner, 'SIGCONT');
  }
  await cluster.waitUntilOk();
  expect(await helper.call('LRANGE', LIST, 0, -1)).toEqual(['1']);
}, 90_000);

test('SIGTERM: who waits gets nil, as if its time were over, and then the end', async () => {
  const ending = await startProxy(['--drain-timeout-ms', '3000']);
  cleanUps.push(() => ending.stop());
  const clients = await Promise.all(Array.from({ length: 3 }, () => connectRaw(2, ending)));
  for (const client of clients) send(client, `BLPOP ${LIST} 0`);
  await untilBlocked(clients.length);
  ending.signal('SIGTERM');
  for (const client of clients) expect(await client.untilEnded()).toBe('*-1\r\n');
  expect(await ending.exited).toBe(0);
  await helper.call('RPUSH', LIST, '1');
  expect(await helper.call('LLEN', LIST)).toBe(1);
});
