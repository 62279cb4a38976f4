import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arrayReply,
  bulkReply,
  encodeCommand,
  errorReply,
  integerReply,
  mapReply,
  nullArrayReply,
  nullReply,
  ReplyReader,
  type RespReply,
  simpleReply,
} from '../../../src/resp/index.js';

function readAll(chunks: readonly Buffer[], maxReplyBytes = 1_000_000): RespReply[] {
  const replies: RespReply[] = [];
  const reader = new ReplyReader({ maxReplyBytes, onReply: (reply) => replies.push(reply) });
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk));
  }
  return replies;
}

/** The same reply in our form and on the wire. */
const replyCase: fc.Arbitrary<{ reply: RespReply; wire: Buffer }> = fc.letrec<{
  any: { reply: RespReply; wire: Buffer };
}>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.uint8Array({ maxLength: 40 }).map((bytes) => {
      const value = Buffer.from(bytes);
      return { reply: { kind: 'string' as const, bytes: value }, wire: bulkReply(value) };
    }),
    fc.maxSafeInteger().map((value) => ({
      reply: { kind: 'integer' as const, value },
      wire: integerReply(value),
    })),
    fc.constant({ reply: { kind: 'null' as const }, wire: nullReply(2) }),
    fc.constant({
      reply: { kind: 'error' as const, message: 'ERR no' },
      wire: errorReply('ERR no'),
    }),
    fc.array(tie('any'), { maxLength: 4 }).map((items) => ({
      reply: { kind: 'array' as const, items: items.map((item) => item.reply) },
      wire: arrayReply(items.map((item) => item.wire)),
    })),
  ),
})).any;

describe('ReplyReader', () => {
  test('reads any replies, cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(replyCase, { maxLength: 5 }), fc.array(fc.nat(200)), (cases, cuts) => {
        const wire = Buffer.concat(cases.map((c) => c.wire));
        const at = [0, ...cuts.filter((cut) => cut < wire.length).sort((a, b) => a - b)];
        const chunks = at.map((start, i) => wire.subarray(start, at[i + 1] ?? wire.length));
        expect(readAll(chunks.filter((chunk) => chunk.length > 0))).toEqual(
          cases.map((c) => c.reply),
        );
      }),
    );
  });

  test('integers beyond 2^53 keep every digit as text', () => {
    const wire = ':9007199254740991\r\n:9007199254740992\r\n:-9223372036854775808\r\n';
    expect(readAll([Buffer.from(wire)])).toEqual([
      { kind: 'integer', value: 9007199254740991 },
      { kind: 'integer', value: '9007199254740992' },
      { kind: 'integer', value: '-9223372036854775808' },
    ]);
  });

  test('a null array and an error inside an array are values', () => {
    expect(readAll([Buffer.from('*-1\r\n*2\r\n-ERR x\r\n+OK\r\n')])).toEqual([
      { kind: 'null' },
      {
        kind: 'array',
        items: [
          { kind: 'error', message: 'ERR x' },
          { kind: 'string', bytes: Buffer.from('OK') },
        ],
      },
    ]);
  });

  test.each(['?\r\n', '*99999999999\r\n'])('%j is refused', (wire) => {
    expect(() => readAll([Buffer.from(wire)])).toThrow(
      expect.objectContaining({ code: 'reply_invalid' }),
    );
  });

  test('nesting deeper than the stack is refused, not fatal', () => {
    const wire = Buffer.from('*1\r\n'.repeat(200_000));
    expect(() => readAll([wire], 10_000_000)).toThrow(
      expect.objectContaining({ code: 'reply_invalid' }),
    );
  });

  test('a reply over the limit is refused while it arrives', () => {
    const head = Buffer.from('$500000\r\n');
    const chunks = Array.from({ length: 10 }, () => Buffer.alloc(1_000, 'x'));
    expect(() => readAll([head, ...chunks], 5_000)).toThrow(
      expect.objectContaining({ code: 'reply_too_large' }),
    );
  });

  test('many small replies never add up to the limit', () => {
    const chunks = Array.from({ length: 1_000 }, () => Buffer.from('+0123456789\r\n'));
    expect(readAll(chunks, 100)).toHaveLength(1_000);
  });
});

describe('encoding', () => {
  test('a command is an array of bulk strings, binary as it is', () => {
    const bytes = encodeCommand(['SET', 'ä', Buffer.from([0, 13, 10]), '']);
    expect(bytes.toString('latin1')).toBe(
      '*4\r\n$3\r\nSET\r\n$2\r\n\xc3\xa4\r\n$3\r\n\0\r\n\r\n$0\r\n\r\n',
    );
  });

  test('line ends cannot smuggle in a second reply', () => {
    expect(simpleReply('a\r\n+b').toString()).toBe('+a  +b\r\n');
    expect(errorReply('ERR a\n:1').toString()).toBe('-ERR a :1\r\n');
  });

  test('null and map by protocol', () => {
    const entries = [[bulkReply('a'), integerReply(1)]] as const;
    expect(mapReply(3, entries).toString()).toBe('%1\r\n$1\r\na\r\n:1\r\n');
    expect(mapReply(2, entries).toString()).toBe('*2\r\n$1\r\na\r\n:1\r\n');
    expect([nullReply(3), nullArrayReply(3)].map(String)).toEqual(['_\r\n', '_\r\n']);
    expect([nullReply(2), nullArrayReply(2)].map(String)).toEqual(['$-1\r\n', '*-1\r\n']);
  });

  test('integers of 64 bits need a bigint', () => {
    expect(integerReply(2n ** 63n - 1n).toString()).toBe(':9223372036854775807\r\n');
    expect(() => integerReply(2 ** 53)).toThrow(RangeError);
    expect(() => integerReply(0.5)).toThrow(RangeError);
  });
});
