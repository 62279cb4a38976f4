import { expect, test } from 'vitest';
import { slotOfPattern } from '../../../../src/commands/handlers/scan/pattern-slot.js';

function slotOf(pattern: string): number | null {
  return slotOfPattern(Buffer.from(pattern, 'latin1'));
}

/** CRC16 of `a`, `foo` and `{}x` as the cluster specification computes slots. */
const SLOT_OF_A = 15_495;
const SLOT_OF_FOO = 12_182;

test.each([
  ['{a}*', SLOT_OF_A],
  ['x:{a}:*', SLOT_OF_A],
  ['{a}[xy]?', SLOT_OF_A],
  ['{a}{b}*', SLOT_OF_A],
  ['}{a}*', SLOT_OF_A],
  ['\\{a}*', SLOT_OF_A],
  ['{\\a\\}*', SLOT_OF_A],
  ['\\*{a}*', SLOT_OF_A],
  ['foo', SLOT_OF_FOO],
  ['\\f\\oo', SLOT_OF_FOO],
  ['{foo}', SLOT_OF_FOO],
])('every key that matches %j is in one slot', (pattern, slot) => {
  expect(slotOf(pattern)).toBe(slot);
});

test.each([
  '*',
  'foo*',
  '*{a}',
  '?{a}',
  '[x]{a}',
  '{a*}',
  '{?}',
  '{[a]}',
  '{a*',
  // An empty tag is none: the whole key is hashed.
  '{}*',
  '{}{a}*',
])('keys that match %j may be in several slots', (pattern) => {
  expect(slotOf(pattern)).toBeNull();
});

test('a literal pattern hashes as the key that it is', () => {
  expect(slotOf('{}{a}')).not.toBeNull();
  expect(slotOf('{}{a}')).not.toBe(SLOT_OF_A);
  expect(slotOf('{a')).not.toBe(SLOT_OF_A);
  expect(slotOf('a\\')).not.toBe(SLOT_OF_A);
});
