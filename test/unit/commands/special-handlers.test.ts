import { describe, expect, test } from 'vitest';
import { choose } from '../../../src/commands/handlers/randomkey.js';
import { parseReplication } from '../../../src/commands/handlers/wait.js';
import {
  type ControlContext,
  handleControl,
  type ScriptCache,
} from '../../../src/commands/index.js';
import { ProxyError } from '../../../src/errors/index.js';
import { fakeContext } from './fake-context.js';
import { inOrder, recordingErrands, value } from './fake-errands.js';
import { reply, requestOf } from './support.js';

async function answer(line: string, context: ControlContext) {
  const outcome = await handleControl(requestOf(line), context);
  return outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind;
}

describe('RANDOMKEY', () => {
  /** Shards with so many keys each; a shard without keys has null. */
  function shards(sizes: Readonly<Record<string, number>>, mayAskSizes = true) {
    const { errands } = recordingErrands((node, [command]) => {
      if (command === 'DBSIZE') {
        return mayAskSizes ? value(sizes[node] ?? 0) : value('-NOPERM no');
      }
      return value((sizes[node] ?? 0) === 0 ? null : `key of ${node}`);
    });
    return fakeContext({ errands });
  }

  test('an empty shard is never chosen', async () => {
    for (let i = 0; i < 50; i++) {
      expect(await answer('randomkey', shards({ a: 0, b: 1, c: 0 }))).toContain('key of b');
    }
  });

  test('null if all are empty', async () => {
    expect(await answer('randomkey', shards({}))).toBe('$-1\r\n');
  });

  test('who may not ask for the sizes gets a key all the same', async () => {
    expect(await answer('randomkey', shards({ a: 3, b: 3, c: 3 }, false))).toContain('key of');
  });

  test('an error of a shard is the answer', async () => {
    const { errands } = recordingErrands((node) => (node === 'c' ? value('-NOPERM no') : value(1)));
    expect(await answer('randomkey', fakeContext({ errands }))).toBe('-NOPERM no\r\n');
  });

  test('the weights are the probabilities', () => {
    const candidates = [1, 6, 3].map((weight) => ({ key: value(weight), weight }));
    const chosen = [0, 0.099, 0.1, 0.5, 0.699, 0.7, 0.999].map((x) => choose(candidates, x));
    expect(chosen).toEqual([1, 1, 6, 6, 6, 3, 3].map((weight) => value(weight)));
    expect(choose([], 0.5)).toBeUndefined();
  });
});

describe('scripts', () => {
  function cache(known: readonly string[] = []) {
    const events: string[] = [];
    const scripts: ScriptCache = {
      learn: (body) => events.push(`learn ${body.toString()}`),
      clear: () => events.push('clear'),
      has: (digest) => known.includes(digest),
    };
    return { events, scripts };
  }

  test('a body is learned once every shard has it', async () => {
    const { events, scripts } = cache();
    const { errands } = recordingErrands(() => value('5b1d'));
    expect(await answer('script load body', fakeContext({ errands, scripts }))).toBe(
      '$4\r\n5b1d\r\n',
    );
    expect(events).toEqual(['learn body']);
    const { errands: failing } = recordingErrands(inOrder(value('-ERR bad'), value('5b1d')));
    await answer('script load other', fakeContext({ errands: failing, scripts }));
    expect(events).toEqual(['learn body']);
  });

  test('after FLUSH none is known', async () => {
    const { events, scripts } = cache();
    const { errands, calls } = recordingErrands(() => value('+OK'));
    await answer('script flush sync', fakeContext({ errands, scripts }));
    expect(events).toEqual(['clear']);
    expect(calls).toHaveLength(6);
    const { errands: failing } = recordingErrands(() => value('-NOPERM no'));
    await answer('script flush', fakeContext({ errands: failing, scripts }));
    expect(events).toEqual(['clear']);
  });

  test('EXISTS: what all shards have, or the proxy', async () => {
    const { errands } = recordingErrands(inOrder(value([1, 1, 0]), value([1, 0, 0])));
    const line = 'script exists d1 d2 d3';
    expect(await answer(line, fakeContext({ errands }))).toBe('*3\r\n:1\r\n:0\r\n:0\r\n');
    const { scripts } = cache(['d3']);
    expect(await answer(line, fakeContext({ errands, scripts }))).toBe('*3\r\n:1\r\n:0\r\n:1\r\n');
  });
});

describe('WAIT', () => {
  interface Shard {
    readonly offset: number;
    /** The replicas' offsets at each look; the last stays. */
    readonly looks: readonly (readonly number[])[];
    readonly role?: string;
    readonly history?: string;
  }

  function info({ offset, role = 'master', history = 'h1' }: Shard, replicas: readonly number[]) {
    const lines = replicas.map(
      (at, i) => `slave${i}:ip=::1,port=1,state=online,offset=${at},lag=0`,
    );
    const fields = [`role:${role}`, `master_replid:${history}`, `master_repl_offset:${offset}`];
    return reply(['# Replication', ...fields, ...lines, ''].join('\r\n'));
  }

  function setUp(shards: Readonly<Record<string, Shard>>, overrides: Partial<ControlContext> = {}) {
    const looks = new Map<string, number>();
    const { errands, calls } = recordingErrands(() => value(0));
    const context = fakeContext({
      errands,
      execute: (target) => {
        const node = typeof target === 'string' ? target : target.nodeId;
        const shard = shards[node];
        if (shard === undefined) {
          return Promise.reject(new ProxyError('node_unknown', node));
        }
        const look = looks.get(node) ?? 0;
        looks.set(node, look + 1);
        return Promise.resolve([
          info(shard, shard.looks.at(Math.min(look, shard.looks.length - 1)) ?? []),
        ]);
      },
      ...overrides,
    });
    return { calls, context };
  }

  /** @param written Servers that the client has written to. */
  async function wait(line: string, context: ControlContext, written = ['a', 'b', 'c']) {
    const outcome = await handleControl({ ...requestOf(line), written }, context);
    return outcome.kind === 'reply' ? outcome.bytes.toString() : outcome.kind;
  }

  test('the smallest number of replicas that have the offset of now', async () => {
    const { calls, context } = setUp({
      a: { offset: 10, looks: [[10, 12]] },
      b: { offset: 20, looks: [[20, 19]] },
      c: { offset: 30, looks: [[30, 30]] },
    });
    expect(await wait('wait 1 0', context)).toBe(':1\r\n');
    expect(calls.map(([node]) => node).toSorted()).toEqual(['a leased', 'b leased', 'c leased']);
    expect(calls[0]?.slice(1)).toEqual(['WAIT', '1000000', '1']);
  });

  test('looks again until enough have it', async () => {
    const late: Shard = { offset: 10, looks: [[0], [0], [9], [10]] };
    const { context } = setUp({ a: late, b: late, c: late });
    expect(await wait('wait 1 0', context)).toBe(':1\r\n');
  });

  test('until the time is over', async () => {
    const never: Shard = { offset: 10, looks: [[0]] };
    const { context } = setUp({ a: never, b: never, c: never });
    expect(await wait('wait 1 20', context)).toBe(':0\r\n');
  });

  test('for ever, but not for a client that is gone', async () => {
    const never: Shard = { offset: 10, looks: [[0]] };
    let asked = 0;
    const { errands } = recordingErrands(() => value(0));
    const isGone = () => ++asked > 5;
    const { context } = setUp(
      { a: never, b: never, c: never },
      { errands: { ...errands, isGone } },
    );
    expect(await wait('wait 1 0', context)).toBe(':0\r\n');
  });

  test('only the shards that the client wrote to', async () => {
    const shards = { a: { offset: 10, looks: [[0]] }, b: { offset: 10, looks: [[10]] } };
    const { context } = setUp(shards);
    expect(await wait('wait 1 0', context, ['b'])).toBe(':1\r\n');
  });

  test('a client that wrote nothing: the replicas of all shards, whatever they have', async () => {
    const behind: Shard = { offset: 10, looks: [[0, 0]] };
    const { context } = setUp({ a: behind, b: behind, c: behind });
    expect(await wait('wait 2 0', context, [])).toBe(':2\r\n');
  });

  test.each<readonly [string, Shard | undefined]>([
    ['is gone', undefined],
    ['was made a replica', { offset: 10, looks: [[10]], role: 'slave' }],
  ])('a primary that %s has no replicas', async (_, shard) => {
    const { context } = setUp(shard === undefined ? {} : { a: shard });
    expect(await wait('wait 1 0', context, ['a'])).toBe(':0\r\n');
  });

  test('a server that was restarted without its data has another history', async () => {
    let looks = 0;
    const shard = { offset: 10, looks: [[10]] };
    const { context } = setUp(
      {},
      {
        execute: () => Promise.resolve([info({ ...shard, history: `h${++looks}` }, [10])]),
      },
    );
    expect(await wait('wait 1 0', context, ['a'])).toBe(':0\r\n');
  });

  test('among many servers, those that are no primaries are not asked', async () => {
    const shard = { offset: 10, looks: [[10]] };
    const { errands } = recordingErrands(() => value(0));
    const nodes = () => Array.from({ length: 65 }, (_, i) => `n${i}`);
    const { context } = setUp({ a: shard }, { errands: { ...errands, nodes } });
    expect(await wait('wait 1 0', context, ['a', 'a2'])).toBe(':1\r\n');
  });

  test('the servers say whether the user may', async () => {
    const shard = { offset: 10, looks: [[10]] };
    const { errands } = recordingErrands(() => value('-NOPERM no'));
    const { context } = setUp({ a: shard, b: shard, c: shard }, { errands });
    expect(await wait('wait 0 0', context)).toBe('-NOPERM no\r\n');
  });

  test.each([
    ['wait x 0', 'ERR value is not an integer or out of range'],
    ['wait 1 x', 'ERR timeout is not an integer or out of range'],
    ['wait 1 -1', 'ERR timeout is negative'],
  ])('%s: %s', async (line, text) => {
    expect(await wait(line, setUp({}).context)).toBe(`-${text}\r\n`);
  });

  test('replicas that are not online do not count', () => {
    const text =
      'role:master\r\nconnected_slaves:2\r\nmaster_replid:h\r\nmaster_repl_offset:7\r\n' +
      'slave0:ip=::1,port=1,state=wait_bgsave,offset=7,lag=0\r\n' +
      'slave1:ip=::1,port=2,state=online,offset=6,lag=0\r\n';
    expect(parseReplication(`# Replication\r\n${text}`)).toEqual({
      history: 'h',
      offset: 7n,
      replicaOffsets: [6n],
    });
  });
});
