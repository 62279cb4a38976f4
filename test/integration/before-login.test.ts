import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { encodeRequest, RawClient } from '../support/raw-client.js';
import { TestClient } from '../support/resp-client.js';
import type { RealServer } from '../support/server.js';

const PASSWORD = 'cluster-password';
const NOAUTH = 'NOAUTH Authentication required.';
/** As a server has them. */
const ARGUMENTS_MAX = 10;
const BULK_BYTES_MAX = 16 * 1024;

let cluster: TestCluster;
let server: RealServer;
let proxy: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start({ primaries: 1, requirepass: PASSWORD });
  server = cluster.server(0);
  proxy = await TestProxy.start({
    seeds: cluster.seeds,
    env: { SLOTGATE_UPSTREAM_PASSWORD: PASSWORD },
  });
});
afterAll(async () => {
  await proxy?.stop();
  await cluster?.stop();
});

/** What is answered to somebody who has not logged in, over one connection; QUIT would end it. */
async function repliesAt(
  port: number,
  commands: readonly (readonly string[])[],
): Promise<readonly string[]> {
  const client = await TestClient.connect({ port });
  const replies: string[] = [];
  // One by one: servers close who has much unread before its log-in.
  for (const words of commands) {
    const reply = await client.call(...words).then(
      (value) => JSON.stringify(value),
      (error: Error) => error.message,
    );
    // Servers differ in how they spell out HELLO.
    replies.push(reply.replace('HELLO <proto> AUTH', 'HELLO AUTH'));
  }
  client.close();
  return replies;
}

/** All commands and subcommands of the server, as they are typed. */
async function allCommands(): Promise<readonly (readonly string[])[]> {
  const rows = await server.call('COMMAND', 'LIST');
  const docs = JSON.stringify(await server.call('COMMAND', 'DOCS'));
  const names = new Set([...(rows as string[]), ...(docs.match(/[a-z-]+\|[a-z-]+/g) ?? [])]);
  return [...names].map((name) => name.split('|')).filter(([name]) => name !== 'quit');
}

test('whatever is sent before AUTH, no more is told than a server tells', async () => {
  const names = await allCommands();
  expect(names.length).toBeGreaterThan(300);
  const commands = names.flatMap((words) => [
    words,
    [...words, 'x'],
    [...words, 'key', '1'],
    [...words, 'HELP'],
  ]);
  commands.push(['no-such-command'], ['no-such-command', 'x'], ['config', 'no-such-subcommand']);
  const [here, there] = await Promise.all([
    repliesAt(proxy.port, commands),
    repliesAt(server.port, commands),
  ]);
  const more = commands.flatMap((words, i) =>
    here[i] === NOAUTH || here[i] === there[i] ? [] : [[words.join(' '), here[i], there[i]]],
  );
  expect(more).toEqual([]);
  // Not because the server said the same to everything.
  expect(there.filter((reply) => reply === NOAUTH).length).toBeGreaterThan(300);
});

test.each([
  [['HELLO']],
  [['HELLO', '3']],
  [['HELLO', '9']],
  [['HELLO', '2', 'SETNAME', 'x']],
  [['HELLO', '2', 'AUTH', 'default', 'wrong']],
  [['AUTH']],
  [['AUTH', 'wrong']],
  [['AUTH', 'nobody', 'wrong']],
  [['RESET']],
])('%j is answered as by the server', async (words) => {
  const [here, there] = await Promise.all([
    repliesAt(proxy.port, [words, ['GET', 'a']]),
    repliesAt(server.port, [words, ['GET', 'a']]),
  ]);
  expect(here).toEqual(there);
});

test('QUIT before AUTH', async () => {
  for (const port of [proxy.port, server.port]) {
    const client = await RawClient.connect({ host: '127.0.0.1', port });
    client.send('*1\r\n$4\r\nQUIT\r\n');
    expect(await client.untilEnded()).toBe('+OK\r\n');
    client.close();
  }
});

describe('limits before AUTH, here and at the server', () => {
  const password = encodeRequest(['AUTH', PASSWORD]);
  const withArguments = (count: number) =>
    encodeRequest(['GET', ...Array.from({ length: count - 1 }, () => 'x')]);
  const withBytes = (count: number) => encodeRequest(['ECHO', 'x'.repeat(count)]);

  const RESET = encodeRequest(['RESET']);

  /** What is answered to it until the connection ends. */
  async function answers(...parts: readonly (Buffer | string)[]): Promise<string[]> {
    return Promise.all(
      [proxy.port, server.port].map(async (port) => {
        const client = await RawClient.connect({ host: '127.0.0.1', port });
        try {
          client.send(Buffer.concat(parts.map((part) => Buffer.from(part))));
          // Who is refused in the middle of a request must not be reset for what it still sends.
          if (parts.includes(RESET)) client.end();
          return await client.untilEnded();
        } finally {
          client.close();
        }
      }),
    );
  }

  test.each([
    ['arguments', withArguments(ARGUMENTS_MAX)],
    ['bytes', withBytes(BULK_BYTES_MAX)],
  ])('as many %s as may be are read, and the connection goes on', async (_what, bytes) => {
    const [here, there] = await answers(bytes, RESET);
    expect(there).toMatch(/^-(NOAUTH|ERR wrong number) .*\r\n\+RESET\r\n$/);
    expect(here).toBe(`-${NOAUTH}\r\n+RESET\r\n`);
  });

  test.each([
    ['argument', `*${ARGUMENTS_MAX + 1}\r\n`, 'multibulk'],
    ['byte', `*2\r\n$4\r\nECHO\r\n$${BULK_BYTES_MAX + 1}\r\n`, 'bulk'],
  ])('one %s more ends it', async (_what, bytes, word) => {
    const [here, there] = await answers(bytes);
    expect(here).toBe(`-ERR Protocol error: unauthenticated ${word} length\r\n`);
    expect(there).toBe(here);
  });

  test.each([
    ['arguments', withArguments(ARGUMENTS_MAX + 1), '-ERR wrong number of arguments'],
    ['bytes', withBytes(BULK_BYTES_MAX + 1), '$16385\r\n'],
  ])('after AUTH there may be more %s', async (_what, bytes, reply) => {
    const [here, there] = await answers(password, bytes, RESET);
    expect(here).toContain(`+OK\r\n${reply}`);
    expect(there).toBe(here);
  });
});
