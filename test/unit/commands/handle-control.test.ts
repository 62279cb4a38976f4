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

type Call = readonly [target: ControlTarget, ...words: string[]];
type ControlTarget = Parameters<ControlContext['execute']>[0];

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
  const rows = TABLE.rows.filter(
    ({ route, name }) => ['control', 'fan_out'].includes(route.kind) && name !== 'auth',
  );
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
