import { describe, expect, test } from 'vitest';
import { fingerprint } from './support/compare.js';
import { readExamples } from './support/example.js';
import { describeReply, FrameReader, type Reply } from './support/reply.js';

function read(bytes: string): Reply {
  const [frame, ...others] = new FrameReader().push(Buffer.from(bytes, 'latin1'));
  expect(others).toEqual([]);
  return frame ?? { kind: 'missing' };
}

describe('the reader of frames', () => {
  test.each([
    ['+OK\r\n', 'simple "OK"'],
    ['-ERR no\r\n', 'error "ERR no"'],
    [':-5\r\n', 'integer "-5"'],
    ['$4\r\na\r\n\xff\r\n', 'bulk "a\\r\\nÿ"'],
    ['$-1\r\n', 'null($-1)'],
    ['*-1\r\n', 'null(*-1)'],
    ['_\r\n', 'null(_)'],
    ['*2\r\n:1\r\n*0\r\n', 'array[integer "1", array[]]'],
    ['~1\r\n#t\r\n', 'set[boolean "t"]'],
    ['>1\r\n,1.5\r\n', 'push[double "1.5"]'],
    ['%1\r\n+a\r\n(12\r\n', 'map{simple "a": bignum "12"}'],
    ['=5\r\ntxt:a\r\n', 'verbatim "txt:a"'],
  ])('%j', (bytes, text) => {
    expect(describeReply(read(bytes))).toBe(text);
  });

  test('waits for the rest of a frame, byte by byte', () => {
    const reader = new FrameReader();
    const bytes = Buffer.from('*2\r\n$2\r\nab\r\n:1\r\n+next\r\n');
    const frames = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
    expect(frames.map(describeReply)).toEqual(['array[bulk "ab", integer "1"]', 'simple "next"']);
  });

  test('refuses what begins no frame', () => {
    expect(() => read('hello\r\n')).toThrow('no frame begins with "hello"');
  });
});

describe('the comparison', () => {
  const alike = (kind: 'exact' | 'unordered' | 'shape' | 'same_outcome', a: string, b: string) =>
    fingerprint(read(a), kind) === fingerprint(read(b), kind);

  test('exact: values and types', () => {
    expect(alike('exact', ':1\r\n', ':1\r\n')).toBe(true);
    expect(alike('exact', ':1\r\n', '$1\r\n1\r\n')).toBe(false);
    expect(alike('exact', '*-1\r\n', '$-1\r\n')).toBe(false);
  });

  test('unordered: the same elements, as often', () => {
    expect(alike('unordered', '*2\r\n+a\r\n+b\r\n', '*2\r\n+b\r\n+a\r\n')).toBe(true);
    expect(alike('unordered', '*2\r\n+a\r\n+a\r\n', '*2\r\n+a\r\n+b\r\n')).toBe(false);
    expect(alike('unordered', '*2\r\n+a\r\n+b\r\n', '~2\r\n+a\r\n+b\r\n')).toBe(false);
  });

  test('shape: types, lengths and names, not values', () => {
    expect(alike('shape', '*2\r\n+a\r\n:1\r\n', '*2\r\n+b\r\n:2\r\n')).toBe(true);
    expect(alike('shape', '*2\r\n+a\r\n:1\r\n', '*2\r\n+a\r\n+1\r\n')).toBe(false);
    expect(alike('shape', '*1\r\n:1\r\n', '*2\r\n:1\r\n:1\r\n')).toBe(false);
    expect(alike('shape', '%1\r\n+a\r\n:1\r\n', '%1\r\n+b\r\n:1\r\n')).toBe(false);
    expect(alike('shape', '$9\r\nid=1 fd=2\r\n', '$9\r\nid=3 fd=4\r\n')).toBe(true);
    expect(alike('shape', '$9\r\nid=1 fd=2\r\n', '$9\r\nid=1 ff=2\r\n')).toBe(false);
  });

  test('errors are compared word by word, whatever the class', () => {
    expect(alike('shape', '-ERR a\r\n', '-ERR b\r\n')).toBe(false);
    expect(alike('unordered', '-ERR a\r\n', '-ERR a\r\n')).toBe(true);
    expect(alike('same_outcome', '-ERR a\r\n', '-ERR b\r\n')).toBe(true);
    expect(alike('same_outcome', '-ERR a\r\n', '+a\r\n')).toBe(false);
  });
});

describe('the reader of examples', () => {
  test('signs in front of a command', () => {
    const [[first, second, third, fourth] = [], [fifth] = []] = readExamples(`
      @b = $id = CLIENT ID
      > BLPOP "a b\\x00" '\\x' $id
      @b <2
      !ERR no, never: MOVE k 1
      ---
      ~ * SCAN 0
    `);
    expect(first).toMatchObject({ connection: 'b', compare: 'exact', capture: 'id', frames: 1 });
    expect(second).toMatchObject({ words: ['BLPOP', 'a b\0', '\\x', '$id'], frames: 0 });
    expect(third).toMatchObject({ kind: 'receive', connection: 'b', frames: 2 });
    expect(fourth).toMatchObject({ proxyOnly: 'ERR no, never', words: ['MOVE', 'k', '1'] });
    expect(fifth).toMatchObject({ compare: 'shape', mode: 'all_pages', words: ['SCAN', '0'] });
  });

  test('refuses a line that is none', () => {
    expect(() => readExamples('@b =')).toThrow('not a line of an example');
  });
});
