import { describe, expect, test } from 'vitest';
import {
  type ControlContext,
  type ControlOutcome,
  handleControl,
  UnknownCommands,
} from '../../../src/commands/index.js';
import { ProxyError } from '../../../src/errors/index.js';
import type { RespReply } from '../../../src/resp/index.js';
import { fakeContext, fakeErrands } from './fake-context.js';
import { reply, requestOf, rowOf, TABLE } from './support.js';

type Call = readonly [string, ...string[]];

/** A context that records what was asked and answers with `answers`. */
function recording(answers: readonly RespReply[], overrides: Partial<ControlContext> = {}) {
  const calls: Call[] = [];
  const context = fakeContext({
    execute: (target, args) => {
      calls.push([target, ...args.map(String)]);
      return Promise.resolve(answers);
    },
    ...overrides,
  });
  return { calls, context };
}

function text(outcome: ControlOutcome): string {
  return outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind;
}

describe('INFO', () => {
  const server = reply(
    '# Server\r\nredis_mode:cluster\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n',
  );

  test('is merged from every primary, with the proxy’s section last', async () => {
    const { calls, context } = recording([server, server]);
    const info = text(await handleControl(requestOf('INFO'), context));
    expect(calls).toEqual([['every_primary', 'INFO']]);
    expect(info).toContain('redis_mode:standalone\r\n');
    expect(info).toContain('db0:keys=2,expires=0,avg_ttl=0\r\n');
    expect(info.slice(info.indexOf('# Slotgate'))).toBe(
      '# Slotgate\r\nslotgate_version:9.9.9\r\nslotgate_mode:standalone\r\nworkers:2\r\n' +
        'clients:7\r\nlinks:6\r\nuptime_in_seconds:90000\r\n\r\n',
    );
    expect(info).toMatch(/^\$\d+\r\n# Server/);
  });

  test('hands the sections on; the proxy’s own is its own', async () => {
    const { calls, context } = recording([server]);
    const info = text(await handleControl(requestOf('info Server keyspace'), context));
    expect(info).not.toContain('# Slotgate');
    const own = text(await handleControl(requestOf('info SLOTGATE'), context));
    expect(own).toContain('# Slotgate\r\n');
    expect(calls).toEqual([['every_primary', 'INFO', 'server', 'keyspace']]);
  });

  test('shows no partial sum: an error of one server is the answer', async () => {
    const { context } = recording([server, { kind: 'error', message: 'NOPERM no' }]);
    expect(text(await handleControl(requestOf('info'), context))).toBe('-NOPERM no\r\n');
  });

  test('says so if a server does not answer', async () => {
    const context = fakeContext({
      execute: () => Promise.reject(new ProxyError('call_timeout', '10.0.0.1:6379: no reply')),
    });
    expect(text(await handleControl(requestOf('info'), context))).toBe(
      '-ERR the servers did not answer: 10.0.0.1:6379: no reply\r\n',
    );
  });
});

describe('CONFIG GET', () => {
  test('the proxy’s own settings need no server', async () => {
    const { calls, context } = recording([]);
    const outcome = await handleControl(requestOf('CONFIG GET MaxClients'), context);
    expect(text(outcome)).toBe('*2\r\n$10\r\nmaxclients\r\n$4\r\n5000\r\n');
    expect(calls).toEqual([]);
  });

  test('own settings hide the servers’, and passwords stay hidden', async () => {
    const names = [
      'maxclients',
      '10000',
      'requirepass',
      'secret',
      'masterauth',
      'secret',
      'save',
      '',
    ];
    const { calls, context } = recording([reply([...names, 'cluster-enabled', 'yes'])]);
    const answer = text(await handleControl(requestOf('config get *'), context));
    expect(calls).toEqual([['any_primary', 'CONFIG', 'GET', '*']]);
    expect(answer).not.toContain('secret');
    expect(answer).toContain('$10\r\nmaxclients\r\n$4\r\n5000\r\n');
    expect(answer).toContain('$15\r\ncluster-enabled\r\n$2\r\nno\r\n');
    expect(answer).toContain('$11\r\nrequirepass\r\n$0\r\n\r\n');
    expect(answer).toContain('$7\r\ntimeout\r\n$1\r\n0\r\n');
    expect(answer).toMatch(/^\*14\r\n/);
  });

  test('a RESP3 client gets a map, a refusal is passed on', async () => {
    const { context } = recording([{ kind: 'error', message: 'NOPERM no' }]);
    const request = requestOf('config get port');
    const answer = await handleControl({ ...request, protocol: 3 }, context);
    expect(text(answer)).toBe('%1\r\n$4\r\nport\r\n$5\r\n12000\r\n');
    expect(text(await handleControl(requestOf('config get save'), context))).toBe('-NOPERM no\r\n');
  });
});

describe('unknown commands', () => {
  const module = reply([['json.set', -4, ['write', 'module'], 1, 1, 1, [], [], [], []]]);

  test('that a server knows are learned', async () => {
    const { calls, context } = recording([reply([null]), module]);
    const outcome = await handleControl(requestOf('JSON.SET a $ 1'), context);
    expect(calls).toEqual([['every_primary', 'COMMAND', 'INFO', 'json.set']]);
    expect(outcome.kind === 'learned' && rowOf('json.set', outcome.table).route.kind).toBe('keys');
  });

  test('are asked about once a minute', async () => {
    let now = 0;
    const { calls, context } = recording([reply([null])], {
      unknownCommands: new UnknownCommands(() => now),
    });
    const ask = () => handleControl(requestOf('nosuch'), context);
    await Promise.all([ask(), ask()]);
    now = 59_999;
    await ask();
    expect(calls).toHaveLength(1);
    await handleControl(requestOf('another'), context);
    expect(calls).toHaveLength(2);
    now = 60_000;
    await ask();
    expect(calls).toHaveLength(3);
  });

  test('a failed question is not remembered, and does not hide the answer', async () => {
    let asked = 0;
    const context = fakeContext({
      execute: () => {
        asked++;
        return Promise.reject(new ProxyError('connection_lost', 'gone'));
      },
    });
    const answer = text(await handleControl(requestOf('nosuch a'), context));
    expect(answer).toBe("-ERR unknown command 'nosuch', with args beginning with: 'a' \r\n");
    await handleControl(requestOf('nosuch'), context);
    expect(asked).toBe(2);
  });

  test('a subcommand is asked for with its container', async () => {
    const { calls, context } = recording([reply([null])]);
    await handleControl(requestOf('Config Foo'), context);
    expect(calls).toEqual([['every_primary', 'COMMAND', 'INFO', 'config|foo']]);
  });

  test('garbage is not asked about', async () => {
    const { calls, context } = recording([]);
    await handleControl(requestOf([Buffer.from('a\r\nb')]), context);
    await handleControl(requestOf('x'.repeat(65)), context);
    expect(calls).toEqual([]);
  });

  test('a request that came up before its row was published is routed again', async () => {
    const { calls, context } = recording([]);
    const outcome = await handleControl({ ...requestOf('get a'), row: -1 }, context);
    expect(outcome).toEqual({ kind: 'learned', table: TABLE });
    expect(calls).toEqual([]);
  });

  test('at most a thousand names are remembered', async () => {
    const { calls, context } = recording([reply([null])]);
    await handleControl(requestOf('first'), context);
    for (let i = 0; i < 1_000; i++) {
      await handleControl(requestOf(`name${i}`), context);
    }
    await handleControl(requestOf('first'), context);
    expect(calls).toHaveLength(1_002);
  });
});

test('XREAD with BLOCK goes to the slot of its keys, over a private link', async () => {
  const sent: unknown[] = [];
  const errands = fakeErrands({
    sendToSlot: async (slot, _, { lease, blocks } = {}) => {
      sent.push({ slot, lease, blocks });
      return { kind: 'null', isArray: true };
    },
  });
  const request = { ...requestOf('xread block 0 streams s $'), slot: 11 };
  expect(text(await handleControl(request, fakeContext({ errands })))).toBe('*-1\r\n');
  expect(sent).toEqual([{ slot: 11, lease: true, blocks: true }]);
});

test('every row that goes to the control plane is answered', async () => {
  const { context } = recording([reply('')]);
  const rows = TABLE.rows.filter((row) => row.route.kind === 'control' && row.name !== 'auth');
  expect(rows.map(({ name }) => name)).toContain('info');
  for (const row of rows) {
    const args = row.name.split('|').concat('x', 'x').slice(0, Math.max(row.arity, -row.arity));
    const request = { ...requestOf('x'), row: TABLE.rows.indexOf(row) };
    const outcome = await handleControl(
      { ...request, args: args.map((arg) => Buffer.from(arg)) },
      context,
    );
    expect(outcome.kind, row.name).toBe('reply');
  }
});

test.each(['get a', 'auth secret'])('%s: another part answers it, so it is a bug', async (line) => {
  const outcome = handleControl(requestOf(line), fakeContext());
  await expect(outcome).rejects.toThrow(`'${line.split(' ')[0]}' came up`);
});
