import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandRow, coreTable } from '../../src/commands/index.js';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { TestClient } from '../support/resp-client.js';
import { RealServer } from '../support/server.js';

const WEAK = { username: 'weak', password: 'weak-password' };
const SOME = { username: 'some', password: 'some-password' };

/** What changes or tells nothing but the own connection: a worker answers it without asking anybody. */
const EVERY_CONNECTION: ReadonlySet<string> = new Set([
  ...[
    'client|capa',
    'client|maint_notifications',
    'client|getname',
    'client|id',
    'client|reply',
    'client|setinfo',
  ],
  ...['client|setname', 'discard', 'echo', 'exec', 'multi', 'ping', 'select', 'unwatch'],
  ...['punsubscribe', 'sunsubscribe', 'unsubscribe'],
]);

let cluster: TestCluster;
let single: RealServer;
let proxy: TestProxy;
beforeAll(async () => {
  [cluster, single] = await Promise.all([TestCluster.start(), RealServer.start()]);
  await setUser(WEAK, '-@all');
  await setUser(SOME, '-@all');
  proxy = await TestProxy.start({ seeds: cluster.seeds });
});
afterAll(async () => {
  await proxy?.stop();
  await single?.stop();
  await cluster?.stop();
});

/** At all servers, past the proxy. */
async function setUser({ username, password }: typeof WEAK, ...rules: readonly string[]) {
  await Promise.all(
    [...cluster.servers, single].map((server) =>
      server.call('ACL', 'SETUSER', username, 'reset', 'on', `>${password}`, ...rules),
    ),
  );
}

/** The reply, or the words of the error. */
function outcome(client: TestClient, words: readonly string[]): Promise<unknown> {
  return client.call(...words).catch((error: Error) => error.message);
}

async function onBoth(
  user: typeof WEAK,
  words: readonly string[],
): Promise<{ readonly ours: unknown; readonly theirs: unknown }> {
  const [client, direct] = await Promise.all([
    proxy.connect(user),
    TestClient.connect({ port: single.port, ...user }),
  ]);
  const [ours, theirs] = await Promise.all([outcome(client, words), outcome(direct, words)]);
  client.close();
  direct.close();
  return { ours, theirs };
}

/** The shortest request that has the arity of the row. */
function requestOf({ name, arity }: CommandRow): readonly string[] {
  const words = name.split('|');
  return [...words, ...Array<string>(Math.max(0, Math.abs(arity) - words.length)).fill('1')];
}

const LATER: readonly string[] = ['client|no-touch', 'cluster|myshardid', 'cluster|slot-stats'];

/** A rule that names an unknown command is refused. */
function isInRedis7(name: string): boolean {
  return !name.startsWith('commandlog') && !LATER.includes(name);
}

/** The same words for everybody, whatever the servers say: nothing is done, nothing told. */
function isRefused({ route }: CommandRow): boolean {
  return route.kind === 'refuse' || (route.kind === 'local' && route.answer === 'if_cluster');
}

/** Rows without keys that clients may send. */
const ROWS = coreTable().rows.filter(
  (row) =>
    row.route.kind !== 'keys' &&
    !isRefused(row) &&
    !row.container &&
    !row.flags.includes('no_auth'),
);

test('who may do nothing is told so in the words of the server, whoever would answer', async () => {
  const differences: unknown[] = [];
  let compared = 0;
  for (const row of ROWS.filter(({ name }) => !EVERY_CONNECTION.has(name))) {
    const { ours, theirs } = await onBoth(WEAK, requestOf(row));
    const isKnown = !/^ERR unknown (sub)?command/.test(String(theirs));
    compared += isKnown ? 1 : 0;
    if (isKnown ? ours !== theirs : !/^(NOPERM|ERR unknown) /.test(String(ours))) {
      differences.push({ command: row.name, ours, theirs });
    }
  }
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(80);
});

test('who may do this one thing is not told that it may not', async () => {
  const differences: unknown[] = [];
  for (const row of ROWS.filter(({ answersItself, name }) => answersItself && isInRedis7(name))) {
    await setUser(SOME, '-@all', '&*', '~*', `+${row.name}`);
    const { ours, theirs } = await onBoth(SOME, requestOf(row));
    if (String(ours).startsWith('NOPERM') || String(theirs).startsWith('NOPERM')) {
      differences.push({ command: row.name, ours, theirs });
    }
  }
  expect(differences).toEqual([]);
});

test.each([
  ['SUBSCRIBE', 'secret'],
  ['PSUBSCRIBE', 'sec*'],
  ['SSUBSCRIBE', 'secret'],
  ['PUBLISH', 'secret', 'x'],
  ['SPUBLISH', 'secret', 'x'],
  ['WATCH', 'secret'],
])('keys and channels: %s', async (...words) => {
  await setUser(SOME, '+@all', 'resetchannels', '&open*', '~open*');
  const { ours, theirs } = await onBoth(SOME, words);
  expect(theirs).toMatch(/^NOPERM /);
  expect(ours).toBe(theirs);
});
