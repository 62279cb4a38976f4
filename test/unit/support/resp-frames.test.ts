import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../support/resp-frames.js';

const WIRE = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-12\r\n',
  '$5\r\na\r\nbc\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5\r\n',
  '(123456789012345678901234567890\r\n',
  '=7\r\ntxt:abc\r\n',
  '!6\r\nERR no\r\n',
  '%1\r\n+key\r\n:1\r\n',
  '~2\r\n:1\r\n:2\r\n',
  '*3\r\n*0\r\n$0\r\n\r\n-WRONGTYPE x\r\n',
  '>2\r\n+pubsub\r\n$1\r\nx\r\n',
].join('');
const FRAMES = [
  { kind: 'reply', value: 'OK' },
  { kind: 'reply', value: new Error('ERR no') },
  { kind: 'reply', value: -12 },
  { kind: 'reply', value: 'a\r\nbc' },
  { kind: 'reply', value: null },
  { kind: 'reply', value: null },
  { kind: 'reply', value: null },
  { kind: 'reply', value: true },
  { kind: 'reply', value: 1.5 },
  { kind: 'reply', value: '123456789012345678901234567890' },
  { kind: 'reply', value: 'abc' },
  { kind: 'reply', value: new Error('ERR no') },
  { kind: 'reply', value: ['key', 1] },
  { kind: 'reply', value: [1, 2] },
  { kind: 'reply', value: [[], '', new Error('WRONGTYPE x')] },
  { kind: 'push', value: ['pubsub', 'x'] },
];

describe('a reader of frames', () => {
  test('decodes every type of both protocols', () => {
    expect(new FrameReader().push(Buffer.from(WIRE))).toEqual(FRAMES);
  });

  test('does not mind where the bytes are cut', () => {
    for (const step of [1, 2, 7]) {
      const reader = new FrameReader();
      const frames = [];
      for (let at = 0; at < WIRE.length; at += step) {
        frames.push(...reader.push(Buffer.from(WIRE.slice(at, at + step))));
      }
      expect(frames).toEqual(FRAMES);
    }
  });

  test.each(['hello\r\n', ':1x\r\n', '$2\r\nabc\r\n', '$\r\n', '*1\r\nx\r\n'])(
    'refuses what is not RESP: %j',
    (bytes) => {
      expect(() => new FrameReader().push(Buffer.from(bytes))).toThrow();
    },
  );
});
