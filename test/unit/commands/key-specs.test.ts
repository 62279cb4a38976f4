import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RealServer } from '../../support/server.js';
import { keysOf, rowOf } from './support.js';

/** A request, and its keys. */
const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['get a', ['a']],
  ['set a 1 ex 5', ['a']],
  ['mset a 1 b 2 c 3', ['a', 'b', 'c']],
  ['mget a b c', ['a', 'b', 'c']],
  ['del a b', ['a', 'b']],
  ['bitop and dest a b', ['dest', 'a', 'b']],
  ['object encoding a', ['a']],
  ['memory usage a', ['a']],
  ['xgroup create s g $', ['s']],
  ['xinfo stream s', ['s']],
  ['copy a b', ['a', 'b']],
  ['lmove a b left right', ['a', 'b']],
  ['blpop a b 0', ['a', 'b']],
  ['bzpopmin a b c 1', ['a', 'b', 'c']],
  ['blmpop 0 2 a b left', ['a', 'b']],
  ['lmpop 2 a b left', ['a', 'b']],
  ['zunionstore dest 2 a b weights 1 2', ['dest', 'a', 'b']],
  ['zinter 2 a b withscores', ['a', 'b']],
  ['sintercard 2 a b limit 1', ['a', 'b']],
  ['eval return 2 a b c', ['a', 'b']],
  ['fcall f 1 a x', ['a']],
  ['xread count 2 streams a b 0 0', ['a', 'b']],
  ['xread block 0 streams a 0', ['a']],
  ['xreadgroup group g c streams a b > >', ['a', 'b']],
  ['sort a', ['a']],
  ['sort a by nosort get # store dest', ['a', 'dest']],
  ['sort a store dest', ['a', 'dest']],
  ['sort a store d1 store d2', ['a', 'd2']],
  ['sort a get store store dest', ['a', 'dest']],
  ['georadius a 1 2 3 m', ['a']],
  ['georadius a 1 2 3 m store dest', ['a', 'dest']],
  ['georadius a 1 2 3 m count 1 storedist dest', ['a', 'dest']],
  ['geosearchstore dest src fromlonlat 1 2 byradius 1 m', ['dest', 'src']],
  ['pfmerge dest a b', ['dest', 'a', 'b']],
  ['sdiffstore dest a b', ['dest', 'a', 'b']],
  ['zrangestore dest src 0 -1', ['dest', 'src']],
];

const KEYLESS = ['eval return 0 a', 'fcall f 0', 'ping', 'info'];
const NEWER: typeof CASES = [
  ['msetex 2 a 1 b 2 ex 10', ['a', 'b']],
  ['hgetex a fields 1 f', ['a']],
  ['himport set a fs 1', ['a']],
  ['spublish ch m', ['ch']],
];

function keysOfLine(line: string): readonly string[] {
  const args = line.split(' ');
  const [first = '', second = ''] = args;
  const row = rowOf(rowOf(first).container ? `${first}|${second}` : first);
  return keysOf(row.keySpecs, args);
}

describe('key specifications', () => {
  test.each([...CASES, ...NEWER])('%s', (line, keys) => {
    expect(keysOfLine(line)).toEqual(keys);
  });

  test.each(KEYLESS)('%s has no keys', (line) => {
    expect(keysOfLine(line)).toEqual([]);
  });
});

describe('a real server agrees', () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await RealServer.start();
  });
  afterAll(() => server.stop());

  test.each(CASES)('%s', async (line, keys) => {
    const found = await server.call('COMMAND', 'GETKEYS', ...line.split(' '));
    const names = Array.isArray(found) ? found.map(String) : [String(found)];
    expect(names.toSorted()).toEqual(keys.toSorted());
  });
});
