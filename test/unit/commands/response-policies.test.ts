import { describe, expect, test } from 'vitest';
import {
  type JoinPolicy,
  joinReplies,
} from '../../../src/commands/handlers/fan-out/response-policies.js';
import { type ValueShorthand, value } from './fake-errands.js';

function joined(policy: JoinPolicy, replies: readonly ValueShorthand[], changes = true) {
  return joinReplies(
    policy,
    replies.map((reply) => value(reply)),
    changes,
  );
}

describe('each policy', () => {
  test.each<readonly [JoinPolicy, readonly ValueShorthand[], ValueShorthand]>([
    ['agg_sum', [1, 2, 3], 6],
    ['agg_min', [5, 2, 3], 2],
    ['agg_max', [5, 12, 3], 12],
    [
      'agg_logical_and',
      [
        [1, 1, 0],
        [1, 0, 0],
      ],
      [1, 0, 0],
    ],
    ['agg_logical_and', [1, 7], 1],
    [
      'agg_logical_or',
      [
        [1, 0, 0],
        [1, 5, 0],
      ],
      [1, 1, 0],
    ],
    [
      'agg_sum',
      [
        [1, 2],
        [10, 20],
        [100, 200],
      ],
      [111, 222],
    ],
    ['all_succeeded', ['+OK', '+OK'], '+OK'],
    ['one_succeeded', ['-NOTBUSY no', '+OK', '-NOTBUSY no'], '+OK'],
    ['default', [['a', 'b'], [], ['c']], ['a', 'b', 'c']],
    [
      'default',
      [
        { a: 1, b: 2 },
        { b: 3, c: 4 },
      ],
      { a: 1, b: 2, c: 4 },
    ],
    ['default', ['x', 'y'], ['x', 'y']],
    ['default', [['x'], 'y'], [['x'], 'y']],
  ])('%s of %j is %j', (policy, replies, expected) => {
    expect(joined(policy, replies)).toEqual(value(expected));
  });

  test('sums are exact beyond 53 bits', () => {
    const big = { kind: 'integer', value: 2n ** 62n } as const;
    const one = { kind: 'integer', value: 1n } as const;
    expect(joinReplies('agg_sum', [big, one], false)).toEqual({
      kind: 'integer',
      value: 2n ** 62n + 1n,
    });
  });

  test('sets become one set, without repeats', () => {
    const set = (...items: string[]) => ({
      kind: 'set' as const,
      items: items.map((i) => value(i)),
    });
    expect(joinReplies('default', [set('a', 'b'), set('b', 'c')], false)).toEqual(
      set('a', 'b', 'c'),
    );
  });

  test.each([[[1, 'text']], [[[1, 2], [1]]], [[[1], ['x']]]])('%j cannot be added', (replies) => {
    const sum = joined('agg_sum', replies);
    const text = JSON.stringify(sum, (_, field) =>
      typeof field === 'bigint' ? String(field) : field,
    );
    expect(text).toContain('a server answered with what the command cannot answer');
  });
});

describe('errors', () => {
  test('of all servers: the first, as it is', () => {
    expect(joined('all_succeeded', ['-ERR a', '-ERR b'])).toEqual(value('-ERR a'));
  });

  test('after which others executed a change: the text tells it', () => {
    expect(joined('all_succeeded', ['+OK', '-OOM no', '+OK'])).toEqual(
      value('-OOM no (1 of 3 servers failed, the others executed it)'),
    );
    expect(joined('agg_sum', [1, '-ERR a', '-ERR b'])).toEqual(
      value('-ERR a (2 of 3 servers failed, the others executed it)'),
    );
  });

  test('a word on which libraries repeat is not first then', () => {
    expect(joined('all_succeeded', ['-CLUSTERDOWN down', '+OK'])).toEqual(
      value(
        '-ERR partly executed: CLUSTERDOWN down (1 of 2 servers failed, the others executed it)',
      ),
    );
  });

  test('of a read there is nothing to tell', () => {
    expect(joined('agg_sum', [1, '-CLUSTERDOWN down'], false)).toEqual(value('-CLUSTERDOWN down'));
  });

  test('an unknown outcome comes before other errors', () => {
    expect(joined('all_succeeded', ['-ERR a', '-OUTCOMEUNKNOWN lost', '+OK'])).toEqual(
      value('-OUTCOMEUNKNOWN lost'),
    );
  });

  test('one_succeeded: an error that says more than NOTBUSY comes first', () => {
    expect(joined('one_succeeded', ['-NOTBUSY a', '-UNKILLABLE b', '-NOTBUSY c'])).toEqual(
      value('-UNKILLABLE b'),
    );
    expect(joined('one_succeeded', ['-NOTBUSY a', '-NOTBUSY c'])).toEqual(value('-NOTBUSY a'));
  });

  test.each<JoinPolicy>(['one_succeeded', 'all_succeeded', 'agg_sum', 'default'])(
    '%s without a server',
    (policy) => {
      expect(joined(policy, [])).toEqual(value('-CLUSTERDOWN The cluster is down'));
    },
  );
});
