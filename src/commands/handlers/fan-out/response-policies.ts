import { encodeValue, type RespValue } from '../../../resp/index.js';
import type { ResponsePolicy } from '../../types.js';
import { errorValue, integerValue, isError, itemsIn } from '../reply-values.js';
import { failureAmong } from './failures.js';

/** The policies that need no knowledge of the command. Source: Redis command tips. */
export type JoinPolicy = Exclude<ResponsePolicy, 'special'>;

/** Of one reply or more, none of them an error. */
type Join = (replies: readonly RespValue[]) => RespValue;

const JOINS: Readonly<Record<Exclude<JoinPolicy, 'one_succeeded'>, Join>> = {
  default: concatenated,
  all_succeeded: first,
  agg_sum: (replies) => foldIntegers(replies, (a, b) => a + b),
  agg_min: (replies) => foldIntegers(replies, (a, b) => (a < b ? a : b)),
  agg_max: (replies) => foldIntegers(replies, (a, b) => (a > b ? a : b)),
  agg_logical_and: (replies) => foldIntegers(replies, (a, b) => (a !== 0n && b !== 0n ? 1n : 0n)),
  agg_logical_or: (replies) => foldIntegers(replies, (a, b) => (a !== 0n || b !== 0n ? 1n : 0n)),
};

/**
 * One reply from those of several servers.
 * @param changes Whether the command changes anything at a server.
 */
export function joinReplies(
  policy: JoinPolicy,
  replies: readonly RespValue[],
  changes: boolean,
): RespValue {
  if (policy === 'one_succeeded') {
    return oneSucceeded(replies);
  }
  return failureAmong(replies, changes) ?? JOINS[policy](replies);
}

/** The first success; if there is none, an error that says more than "nothing to do here". */
function oneSucceeded(replies: readonly RespValue[]): RespValue {
  const success = replies.find((reply) => !isError(reply));
  const telling = replies.find((reply) => isError(reply) && !reply.text.startsWith('NOTBUSY'));
  return success ?? telling ?? first(replies);
}

function first([reply]: readonly RespValue[]): RespValue {
  return reply ?? errorValue('CLUSTERDOWN The cluster is down');
}

/** Numbers become one number; arrays of numbers one array, place by place. */
function foldIntegers(
  replies: readonly RespValue[],
  fold: (a: bigint, b: bigint) => bigint,
): RespValue {
  return replies.reduce((sum, reply) => combine(sum, reply, fold));
}

function combine(a: RespValue, b: RespValue, fold: (a: bigint, b: bigint) => bigint): RespValue {
  if (a.kind === 'integer' && b.kind === 'integer') {
    return integerValue(fold(a.value, b.value));
  }
  if (a.kind === 'array' && b.kind === 'array' && a.items.length === b.items.length) {
    return {
      kind: 'array',
      items: a.items.map((item, i) => combine(item, b.items[i] ?? item, fold)),
    };
  }
  const failed = [a, b].find(isError);
  return failed ?? errorValue('ERR a server answered with what the command cannot answer');
}

/**
 * Arrays become one array, sets one set, maps one map (of equal elements or names the first stays).
 * Replies of other types become the elements of one array.
 */
function concatenated(replies: readonly RespValue[]): RespValue {
  const [sample] = replies;
  const items = replies.flatMap(itemsIn);
  if (sample?.kind === 'array' && replies.every(({ kind }) => kind === 'array')) {
    return { kind: 'array', items };
  }
  if (sample?.kind === 'set' && replies.every(({ kind }) => kind === 'set')) {
    return { kind: 'set', items: distinct(items, (item) => item) };
  }
  const entries = replies.flatMap((reply) => (reply.kind === 'map' ? reply.entries : []));
  if (sample?.kind === 'map' && replies.every(({ kind }) => kind === 'map')) {
    return { kind: 'map', entries: distinct(entries, ([name]) => name) };
  }
  return { kind: 'array', items: replies };
}

function distinct<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => RespValue,
): readonly Item[] {
  const byName = new Map<string, Item>();
  for (const item of items) {
    const name = encodeValue(nameOf(item), 3).toString('latin1');
    if (!byName.has(name)) {
      byName.set(name, item);
    }
  }
  return [...byName.values()];
}
