import { describe, expect, test } from 'vitest';
import {
  addServerCommands,
  type CommandTable,
  type ControlContext,
  handleControl,
} from '../../../src/commands/index.js';
import { fakeView } from './cluster/fake-view.js';
import { fakeContext } from './fake-context.js';
import { inOrder, recordingErrands, value } from './fake-errands.js';
import { reply, requestOf, TABLE } from './support.js';

async function answer(line: string, context: ControlContext, protocol: 2 | 3 = 2) {
  const request = { ...requestOf(line, context.table), protocol };
  const outcome = await handleControl(request, context);
  return outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind;
}

function setUp(...fake: Parameters<typeof recordingErrands>) {
  const { errands, calls } = recordingErrands(...fake);
  return { calls, context: fakeContext({ errands }) };
}

describe('to whom', () => {
  test('all_shards: every primary, with the arguments as they came', async () => {
    const { calls, context } = setUp(() => value('+OK'));
    expect(await answer('FlushAll async', context)).toBe('+OK\r\n');
    expect(calls).toEqual(['a', 'b', 'c'].map((node) => [node, 'FlushAll', 'async']));
  });

  test('all_nodes: replicas, too', async () => {
    const { calls, context } = setUp(() => value('+OK'));
    expect(await answer('config resetstat', context)).toBe('+OK\r\n');
    expect(calls.map(([node]) => node)).toEqual(['a', 'a2', 'b', 'b2', 'c', 'c2']);
  });

  test('what is to end a script goes over links of its own', async () => {
    const { calls, context } = setUp((node) => value(node === 'b' ? '+OK' : '-NOTBUSY No scripts'));
    expect(await answer('script kill', context)).toBe('+OK\r\n');
    expect(calls.map(([node]) => node)).toEqual(['a leased', 'b leased', 'c leased']);
  });
});

describe('in a cluster of proxies', () => {
  /** Shard `a` has the slots 0, 3, 6 …, shard `b` 1, 4 …; 300 and 301 are this proxy's. */
  const local = (slots: readonly number[]) => {
    const { errands, calls } = recordingErrands((_, [name]) =>
      value(name === 'dbsize' ? 5 : '+OK'),
    );
    const view = fakeView({ isLocal: (slot) => slots.includes(slot) });
    return { calls, context: fakeContext({ errands, presentation: () => view }) };
  };

  test.each([
    ['dbsize', ['a', 'b'], ':10\r\n'],
    ['flushall', ['a', 'b'], '+OK\r\n'],
    ['function load x', ['a', 'b'], '+OK\r\n'],
    ['config resetstat', ['a', 'a2', 'b', 'b2'], '+OK\r\n'],
  ])('%s is for the shards behind this one', async (line, nodes, expected) => {
    const { calls, context } = local([300, 301]);
    expect(await answer(line, context)).toBe(expected);
    expect(calls.map(([node]) => node)).toEqual(nodes);
  });

  test.each([
    ['dbsize', ':0\r\n'],
    ['keys *', '*0\r\n'],
    ['flushall', '+OK\r\n'],
    ['flushdb async', '+OK\r\n'],
    ['randomkey', '$-1\r\n'],
  ])('%s at one without shards: %j, without asking anybody', async (line, expected) => {
    const { calls, context } = local([]);
    expect(await answer(line, context)).toBe(expected);
    expect(calls).toEqual([]);
  });

  test('what is not about keys goes to all, if there is no shard behind this one', async () => {
    const { calls, context } = local([]);
    expect(await answer('config resetstat', context)).toBe('+OK\r\n');
    expect(calls).toHaveLength(6);
  });

  test('RANDOMKEY takes a key of a shard behind this one', async () => {
    const { errands, calls } = recordingErrands((_, [name]) =>
      value(name === 'DBSIZE' ? 1 : 'key'),
    );
    const view = fakeView({ isLocal: (slot) => slot === 2 });
    expect(await answer('randomkey', fakeContext({ errands, presentation: () => view }))).toBe(
      '$3\r\nkey\r\n',
    );
    expect(calls).toEqual([
      ['c', 'randomkey'],
      ['c', 'DBSIZE'],
    ]);
  });

  test.each(['direct', 'auto', 'standalone'] as const)('in mode %s it is for all', async (mode) => {
    const { errands, calls } = recordingErrands(() => value(5));
    const view = fakeView({ mode, isLocal: () => false });
    await answer('dbsize', fakeContext({ errands, presentation: () => view }));
    expect(calls).toHaveLength(3);
  });
});

describe('how replies become one', () => {
  test.each([
    ['dbsize', [1, 2, 3], ':6\r\n'],
    ['lastsave', [30, 10, 20], ':10\r\n'],
    ['keys *', [['k1'], [], ['k2']], '*2\r\n$2\r\nk1\r\n$2\r\nk2\r\n'],
    ['latency reset', [1, 0, 2], ':9\r\n'],
    ['bgsave', ['+Background saving started'], '+Background saving started\r\n'],
    ['acl setuser bob on', ['+OK'], '+OK\r\n'],
    ['acl deluser bob', [1], ':1\r\n'],
    ['function flush', ['+OK'], '+OK\r\n'],
    [
      'memory purge',
      ['+OK', '-ERR no'],
      '-ERR no (2 of 3 servers failed, the others executed it)\r\n',
    ],
  ] as const)('%s of %j', async (line, replies, expected) => {
    const { context } = setUp(inOrder(...replies.map((each) => value(each))));
    expect(await answer(line, context)).toBe(expected);
  });

  test('a RESP3 client gets the servers’ types', async () => {
    const { context } = setUp(() => ({
      kind: 'verbatim',
      format: 'txt',
      bytes: Buffer.from('Hi'),
    }));
    expect(await answer('memory doctor', context, 3)).toBe('=6\r\ntxt:Hi\r\n');
    expect(await answer('memory doctor', context, 2)).toBe('$2\r\nHi\r\n');
  });

  test('beyond the limit of bytes the answer is an error that names the setting', async () => {
    const shards = (bytes: number) =>
      setUp((node) => value(node === 'a' ? ['x'.repeat(bytes)] : []));
    expect(await answer('keys *', shards(1_000).context)).toMatch(/^\*1\r\n/);
    expect(await answer('keys *', shards(1_001).context)).toMatch(
      /^-ERR .* more than 1000 bytes.*maxMergedReplyBytes.*SCAN/,
    );
  });
});

test('after a change of rights nothing that was known of users holds', async () => {
  let changes = 0;
  const { errands } = recordingErrands(() => value('+OK'));
  const context = fakeContext({ errands, rightsChanged: () => changes++ });
  await answer('acl setuser bob on', context);
  await answer('acl load', context);
  await answer('config set requirepass x', context);
  expect(changes).toBe(3);
  await answer('flushall', context);
  expect(changes).toBe(3);
});

describe('commands of modules', () => {
  function tableWith(tips: readonly string[]): CommandTable {
    return addServerCommands(TABLE, [
      reply([['mod.stat', -1, ['readonly', 'module'], 0, 0, 0, [], [...tips], [], []]]),
    ]);
  }

  test('go by the policies that the module declares', async () => {
    const table = tableWith(['request_policy:all_shards', 'response_policy:agg_max']);
    const { errands } = recordingErrands(inOrder(value(1), value(9), value(3)));
    expect(await answer('mod.stat', fakeContext({ table, errands }))).toBe(':9\r\n');
  });

  test.each([
    [[], 'keyless'],
    [['request_policy:all_nodes'], 'fan_out'],
    [['request_policy:all_shards', 'response_policy:special'], 'keyless'],
    [['request_policy:special'], 'keyless'],
  ])('%j: %s', (tips, route) => {
    expect(tableWith(tips).find('mod.stat')?.route.kind).toBe(route);
  });
});
