import fc from 'fast-check';
import { encodeRequest } from '../support/raw-client.js';

/** A pipeline as one client sends it: its bytes, and the places where they are cut. */
export interface CutPipeline {
  readonly requests: readonly Buffer[];
  readonly bytes: Buffer;
  /** Ascending offsets into `bytes`. */
  readonly cuts: readonly number[];
}

const REQUESTS_MAX = 60;
const CUTS_MAX = 10;

const TAGGED_KEYS = ['{t}1', '{t}2', '{t}3'];
/** Keys of many slots, the strange ones included. */
const KEYS = [
  ...[
    'a',
    'b',
    'c',
    'foo',
    'key:1',
    'key:2',
    'user:{9}',
    '{}x',
    '',
    ' ',
    'k\r\nk',
    '\0',
    '\xff{\xfe}',
  ],
  ...TAGGED_KEYS,
];

const key = fc.constantFrom(...KEYS);
const tagged = fc.constantFrom(...TAGGED_KEYS);
const value = fc.oneof(
  fc.integer({ min: -99, max: 99 }).map(String),
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', '\r\n', '$3\r\nabc\r\n', '-ERR no', '9223372036854775807', 'x'.repeat(3_000)),
);
const keys = fc.array(key, { minLength: 1, maxLength: 12 });
const pairs = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 8 });
const index = fc.integer({ min: -3, max: 5 }).map(String);

type Words = readonly string[];

function command(name: string, ...words: readonly fc.Arbitrary<string>[]): fc.Arbitrary<Words> {
  return fc.tuple(...words).map((args) => [name, ...args]);
}

const singleKey = fc.oneof(
  command('GET', key),
  command('SET', key, value),
  command('SET', key, value, fc.constantFrom('NX', 'XX', 'GET', 'nonsense')),
  command('GETDEL', key),
  command('INCR', key),
  command('INCRBY', key, value),
  command('APPEND', key, value),
  command('STRLEN', key),
  command('GETRANGE', key, index, index),
  command('LPUSH', key, value),
  command('RPUSH', key, value, value),
  command('LRANGE', key, index, index),
  command('LPOP', key),
  command('HSET', key, value, value),
  command('HGET', key, value),
  command('HGETALL', key),
  command('SADD', key, value),
  command('SCARD', key),
  command('ZADD', key, index, value),
  command('ZRANGE', key, index, index, fc.constant('WITHSCORES')),
  command('XADD', key, fc.constant('1-1'), value, value),
  command('XRANGE', key, fc.constant('-'), fc.constant('+')),
  command('TYPE', key),
  command('TTL', key),
  command('PERSIST', key),
  command('DUMP', key),
  command('OBJECT', fc.constant('ENCODING'), key),
);

const manySlots = fc.oneof(
  keys.map((list) => ['MGET', ...list]),
  keys.map((list) => ['DEL', ...list]),
  keys.map((list) => ['UNLINK', ...list]),
  keys.map((list) => ['EXISTS', ...list]),
  keys.map((list) => ['TOUCH', ...list]),
  pairs.map((list) => ['MSET', ...list.flat()]),
  pairs.map((list) => ['MSET', ...list.flat(), 'odd']),
);

const oneSlot = fc.oneof(
  command('MSETNX', tagged, value, tagged, value),
  command('RENAME', tagged, tagged),
  command('COPY', tagged, tagged, fc.constant('REPLACE')),
  command('LMOVE', tagged, tagged, fc.constant('LEFT'), fc.constant('RIGHT')),
  command('SMOVE', tagged, tagged, value),
  command('SINTERCARD', fc.constant('2'), tagged, tagged),
  command('ZUNIONSTORE', tagged, fc.constant('1'), tagged),
  command('BITOP', fc.constant('OR'), tagged, tagged, tagged),
  command('LCS', tagged, tagged),
  command('EVAL', fc.constant("return redis.call('GET', KEYS[1])"), fc.constant('1'), key),
  command(
    'EVAL',
    fc.constant('return {KEYS[2], ARGV[1]}'),
    fc.constant('2'),
    tagged,
    tagged,
    value,
  ),
  command('EVAL', fc.constant('return 1'), fc.constant('0')),
);

const keyless = fc.oneof(
  command('PING'),
  command('PING', value),
  command('ECHO', value),
  command('SELECT', fc.constantFrom('0', '-1', 'zero', '99999')),
  command('CLIENT', fc.constant('GETNAME')),
  command('CLIENT', fc.constant('SETNAME'), fc.constantFrom('me', 'not me', '')),
  command('AUTH', fc.constant('secret')),
);

const NAMES = ['GET', 'SET', 'MGET', 'MSET', 'DEL', 'LRANGE', 'PING', 'ECHO', 'EVAL', 'OBJECT'];
const TOO_MANY = ['GET', 'STRLEN', 'ECHO', 'PING', 'LRANGE', 'SELECT'];
const wrong = fc.oneof(
  command(''),
  fc.constantFrom(...NAMES.filter((name) => name !== 'PING')).map((name) => [name]),
  fc
    .tuple(fc.constantFrom(...TOO_MANY), keys)
    .map(([name, list]) => [name, ...list, 'a', 'b', 'c']),
  command('NOSUCH', key, value),
  command('no such', value),
  command('GETT', value, value, value, value),
  command('OBJECT', fc.constant('nosuch'), key),
  command('CONFIG', fc.constant('nosuch')),
);

const casing = fc.constantFrom(
  (name: string) => name,
  (name: string) => name.toLowerCase(),
  (name: string) => name.slice(0, 1) + name.slice(1).toLowerCase(),
);

const framed = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: singleKey },
      { weight: 6, arbitrary: manySlots },
      { weight: 3, arbitrary: oneSlot },
      { weight: 2, arbitrary: keyless },
      { weight: 2, arbitrary: wrong },
    ),
    casing,
  )
  .map(([[name = '', ...args], change]) => encodeRequest([change(name), ...args]));

/** Requests as typed into a terminal, and frames that are no request. */
const typed = fc
  .constantFrom(
    ...[
      'PING\r\n',
      'ping\n',
      'GET a\r\n',
      '  SET a   "x y"\r\n',
      "SET b 'it\\'s'\n",
      'MGET a b c\r\n',
    ],
    ...['GET\r\n', 'SET c "\\x00\\n"\r\n', 'NOSUCH a\r\n', 'DEL a b\n', 'ECHO ""\r\n'],
    ...['\r\n', '\n', '   \r\n', '*0\r\n', '*-1\r\n'],
  )
  .map((text) => Buffer.from(text, 'latin1'));

const request = fc.oneof({ weight: 12, arbitrary: framed }, { weight: 1, arbitrary: typed });

/** Any pipeline whose replies do not depend on time, on random seeds or on a cluster's slots. */
export const cutPipeline: fc.Arbitrary<CutPipeline> = fc
  .tuple(
    fc.array(request, { minLength: 1, maxLength: REQUESTS_MAX }),
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: CUTS_MAX }),
  )
  .map(([requests, places]) => {
    const bytes = Buffer.concat(requests);
    const cuts = places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b);
    return { requests, bytes, cuts };
  });
