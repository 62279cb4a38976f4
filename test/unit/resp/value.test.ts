import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeValue,
  encodeValue,
  type RespValue,
  VALUE_DEPTH_MAX,
} from '../../../src/resp/index.js';

function decode(wire: string): RespValue {
  return decodeValue(Buffer.from(wire));
}

const bulk = (text: string): RespValue => ({ kind: 'bulk', bytes: Buffer.from(text) });
const one: RespValue = { kind: 'integer', value: 1n };

/** A value, its form in RESP3, and in RESP2. */
const EVERY_TYPE: readonly (readonly [RespValue, string, string])[] = [
  [{ kind: 'simple', text: 'OK' }, '+OK\r\n', '+OK\r\n'],
  [{ kind: 'error', text: 'ERR no' }, '-ERR no\r\n', '-ERR no\r\n'],
  [
    { kind: 'integer', value: -9223372036854775808n },
    ':-9223372036854775808\r\n',
    ':-9223372036854775808\r\n',
  ],
  [bulk('a\r\nb'), '$4\r\na\r\nb\r\n', '$4\r\na\r\nb\r\n'],
  [bulk(''), '$0\r\n\r\n', '$0\r\n\r\n'],
  [{ kind: 'null', isArray: false }, '_\r\n', '$-1\r\n'],
  [{ kind: 'array', items: [] }, '*0\r\n', '*0\r\n'],
  [
    { kind: 'array', items: [one, bulk('x')] },
    '*2\r\n:1\r\n$1\r\nx\r\n',
    '*2\r\n:1\r\n$1\r\nx\r\n',
  ],
  [{ kind: 'set', items: [one] }, '~1\r\n:1\r\n', '*1\r\n:1\r\n'],
  [{ kind: 'push', items: [one] }, '>1\r\n:1\r\n', '*1\r\n:1\r\n'],
  [
    { kind: 'map', entries: [[bulk('n'), one]] },
    '%1\r\n$1\r\nn\r\n:1\r\n',
    '*2\r\n$1\r\nn\r\n:1\r\n',
  ],
  [{ kind: 'double', text: '1.50' }, ',1.50\r\n', '$4\r\n1.50\r\n'],
  [{ kind: 'double', text: '-inf' }, ',-inf\r\n', '$4\r\n-inf\r\n'],
  [{ kind: 'boolean', value: true }, '#t\r\n', ':1\r\n'],
  [{ kind: 'boolean', value: false }, '#f\r\n', ':0\r\n'],
  [
    { kind: 'bignum', text: '340282366920938463463' },
    '(340282366920938463463\r\n',
    '$21\r\n340282366920938463463\r\n',
  ],
  [
    { kind: 'verbatim', format: 'txt', bytes: Buffer.from('a: b') },
    '=8\r\ntxt:a: b\r\n',
    '$4\r\na: b\r\n',
  ],
];

describe('every type', () => {
  test.each(EVERY_TYPE.map((row) => [row[0].kind, ...row] as const))(
    '%s',
    (_kind, value, resp3, resp2) => {
      expect(decode(resp3)).toEqual(value);
      expect(encodeValue(value, 3).toString()).toBe(resp3);
      expect(encodeValue(value, 2).toString()).toBe(resp2);
    },
  );

  test('the null array of RESP2', () => {
    expect(decode('*-1\r\n')).toEqual({ kind: 'null', isArray: true });
    expect(encodeValue({ kind: 'null', isArray: true }, 2).toString()).toBe('*-1\r\n');
    expect(encodeValue({ kind: 'null', isArray: true }, 3).toString()).toBe('_\r\n');
  });

  test('a blob error is an error, an attribute is left out', () => {
    expect(decode('!6\r\nERR no\r\n')).toEqual({ kind: 'error', text: 'ERR no' });
    expect(decode('|1\r\n+ttl\r\n:9\r\n*1\r\n|1\r\n+a\r\n+b\r\n:1\r\n')).toEqual({
      kind: 'array',
      items: [one],
    });
  });
});

const value: fc.Arbitrary<RespValue> = fc.letrec<{ any: RespValue }>((tie) => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 12 })
    .filter((text) => !/[\r\n]/.test(text));
  const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));
  const items = fc.array(tie('any'), { maxLength: 4 });
  return {
    any: fc.oneof(
      { maxDepth: 4 },
      fc.record({ kind: fc.constantFrom('simple' as const, 'error' as const), text: line }),
      fc.record({
        kind: fc.constant('integer' as const),
        value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      }),
      fc.record({ kind: fc.constant('bulk' as const), bytes }),
      fc.constant({ kind: 'null' as const, isArray: false }),
      fc.record({ kind: fc.constant('double' as const), text: fc.double().map(String) }),
      fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
      fc.record({ kind: fc.constant('bignum' as const), text: fc.bigInt().map(String) }),
      fc.record({
        kind: fc.constant('verbatim' as const),
        format: fc.constantFrom('txt', 'mkd'),
        bytes,
      }),
      fc.record({
        kind: fc.constantFrom('array' as const, 'set' as const, 'push' as const),
        items,
      }),
      fc.record({
        kind: fc.constant('map' as const),
        entries: fc.array(fc.tuple(tie('any'), tie('any')), { maxLength: 3 }),
      }),
    ),
  };
}).any;

test('what was encoded for RESP3 is decoded to the same value', () => {
  fc.assert(
    fc.property(value, (any) => {
      expect(decodeValue(encodeValue(any, 3))).toEqual(any);
    }),
  );
});

test('what was encoded for RESP2 is decoded, and stays what it is', () => {
  fc.assert(
    fc.property(value, (any) => {
      const wire = encodeValue(any, 2);
      expect(encodeValue(decodeValue(wire), 2)).toEqual(wire);
    }),
  );
});

test('an incomplete frame is no value, however it is cut', () => {
  fc.assert(
    fc.property(value, fc.nat(), (any, at) => {
      const wire = encodeValue(any, 3);
      expect(() => decodeValue(wire.subarray(0, at % wire.length))).toThrow('not valid RESP');
    }),
  );
});

test.each([
  ['', 'no type begins'],
  ['?x\r\n', "no type begins with '?'"],
  ['+OK\r\n+OK\r\n', '5 bytes behind its end'],
  [':1.5\r\n', "'1.5' is no integer"],
  [':\r\n', 'no integer'],
  ['$-2\r\n', "'-2' is no length"],
  ['*99999999999\r\n', 'is no length'],
  ['*9999999999\r\n', 'no type begins'],
  ['$3\r\nabcd\r\n', 'does not end where its length says'],
  ['#x\r\n', "'x' is no boolean"],
  ['_x\r\n', 'a null with a value'],
  ['=3\r\ntxt\r\n', 'without its format'],
])('%j is refused', (wire, reason) => {
  expect(() => decode(wire)).toThrow(reason);
});

test('nesting is limited', () => {
  const nested = (levels: number) => `${'*1\r\n'.repeat(levels)}:1\r\n`;
  expect(decode(nested(VALUE_DEPTH_MAX)).kind).toBe('array');
  expect(() => decode(nested(VALUE_DEPTH_MAX + 1))).toThrow('nests more than 128 levels');
  const attributes = '|0\r\n'.repeat(100_000);
  expect(decode(`${attributes}:1\r\n`)).toEqual(one);
});
