import { expect, test } from 'vitest';
import { globMatches } from '../../../src/commands/handlers/glob.js';

test.each([
  ['maxclients', 'maxclients', true],
  ['maxclients', 'maxclient', false],
  ['*', '', true],
  ['max*', 'maxclients', true],
  ['*client*', 'maxclients', true],
  ['*client*', 'maxmemory', false],
  ['m?x*', 'maxclients', true],
  ['m?x', 'mx', false],
  ['[mt]ax*', 'maxclients', true],
  ['[^m]ax*', 'maxclients', false],
  ['[l-n]ax*', 'maxclients', true],
  ['[n-l]ax*', 'maxclients', true],
  ['tcp-keep\\*', 'tcp-keepalive', false],
  ['tcp-keep\\*', 'tcp-keep*', true],
  ['[max', 'm', true],
  ['a*b*c', 'axxbxxbxxc', true],
  ['a*b*c', 'axxbxxbxx', false],
  ['a**', 'a', true],
])('%s matches %s: %s', (pattern, text, expected) => {
  expect(globMatches(pattern, text)).toBe(expected);
});

test('a hostile pattern ends', () => {
  expect(globMatches(`${'*a'.repeat(2_000)}b`, 'a'.repeat(2_000))).toBe(false);
});
