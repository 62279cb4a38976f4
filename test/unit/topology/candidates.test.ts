import { expect, test } from 'vitest';
import { formatEndpoint, parseEndpoint } from '../../../src/shards/index.js';
import { ViewCandidates } from '../../../src/topology/candidates.js';

function setUp(...seeds: readonly string[]) {
  const candidates = new ViewCandidates(seeds.map(parseEndpoint));
  const choose = (breadth: 'all' | 'one') => candidates.choose(breadth, null).map(formatEndpoint);
  return { candidates, choose };
}

test('at most five are asked; those that failed come last, so that each seed gets its turn', () => {
  const { candidates, choose } = setUp('a:1', 'b:1', 'c:1', 'd:1', 'e:1', 'f:1');
  expect(choose('all')).toEqual(['a:1', 'b:1', 'c:1', 'd:1', 'e:1']);
  for (const key of choose('all')) {
    candidates.failed(key);
  }
  expect(choose('all')).toEqual(['f:1', 'a:1', 'b:1', 'c:1', 'd:1']);
});

test('a server known by two addresses is asked once', () => {
  const { candidates, choose } = setUp('localhost:1', '127.0.0.1:1', 'b:1');
  candidates.succeeded(parseEndpoint('localhost:1'), 'id-1');
  candidates.succeeded(parseEndpoint('127.0.0.1:1'), 'id-1');
  expect(choose('all')).toEqual(['localhost:1', 'b:1']);
});

test('one at a time goes round, past those that failed', () => {
  const { candidates, choose } = setUp('a:1', 'b:1', 'c:1');
  candidates.failed('b:1');
  const turns = Array.from({ length: 4 }, () => choose('one')[0]);
  expect(turns).toEqual(['a:1', 'c:1', 'a:1', 'c:1']);
  candidates.failed('a:1');
  candidates.failed('c:1');
  expect(new Set(Array.from({ length: 3 }, () => choose('one')[0])).size).toBe(3);
});
