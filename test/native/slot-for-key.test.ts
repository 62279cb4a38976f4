import { expect, test } from 'vitest';
import { nativeAddon } from '../../src/native/index.js';

const { slotForKey } = nativeAddon();

// Those of the Redis Cluster specification, and what a server's CLUSTER KEYSLOT says.
test.each([
  ['123456789', 12_739],
  ['', 0],
  ['foo', 12_182],
  ['bar', 5061],
  ['hello', 866],
])('slot of "%s"', (key, slot) => {
  expect(slotForKey(Buffer.from(key))).toBe(slot);
});

test.each([
  ['{user1000}.following', 'user1000'],
  ['foo{bar}{zap}', 'bar'],
  ['foo{{bar}}zap', '{bar'],
  ['a{b}c}', 'b'],
])('of "%s" only the hash tag counts', (key, tag) => {
  expect(slotForKey(Buffer.from(key))).toBe(slotForKey(Buffer.from(tag)));
});

test.each(['foo{}{bar}', '{}', 'foo{bar', 'foo}bar{', '{'])('"%s" has no hash tag', (key) => {
  const sameWithoutBraces = Buffer.from(key.replaceAll(/[{}]/g, ''));
  expect(slotForKey(Buffer.from(key))).not.toBe(slotForKey(sameWithoutBraces));
});

test('a key may hold any bytes, and a view is hashed as it is', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const view = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]);
  expect(slotForKey(view.subarray(6, 6 + 256))).toBe(slotForKey(bytes));
});

test.each([
  ['nothing', []],
  ['text', ['foo']],
  ['a number', [1]],
  ['null', [null]],
  ['an object', [{}]],
  ['two keys', [Buffer.from('a'), Buffer.from('b')]],
])('%s is no key', (_name, args) => {
  expect(() => Reflect.apply(slotForKey, undefined, args)).toThrow(
    new TypeError('slotForKey takes a Buffer'),
  );
});
