import { afterAll, expect, test } from 'vitest';
import { type NativePlane, nativeAddon } from '../../src/native/addon.js';
import { LIMITS, settings } from './support/plane-data.js';

const BODY = Buffer.from('return 1');
const DIGEST = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';

const { Plane } = nativeAddon();
const plane: NativePlane = new Plane(1, () => undefined);
afterAll(() => plane.stop());
plane.addDatabase(0, settings());
plane.addDatabase(1, settings());

function call(method: keyof NativePlane, ...args: readonly unknown[]): unknown {
  return Reflect.apply(plane[method], plane, args);
}

test('a database has its own scripts, by digests of any case', () => {
  plane.learnScript(0, BODY);
  expect(plane.hasScript(0, DIGEST)).toBe(true);
  expect(plane.hasScript(0, DIGEST.toUpperCase())).toBe(true);
  expect(plane.scriptBody(0, DIGEST)).toEqual(BODY);
  expect(plane.hasScript(1, DIGEST)).toBe(false);
  expect(plane.scriptBody(1, DIGEST)).toBeUndefined();
  plane.clearScripts(0);
  expect(plane.hasScript(0, DIGEST)).toBe(false);
});

test('the limit applies at once', () => {
  plane.learnScript(0, BODY);
  plane.setSettings(0, settings({ limits: { ...LIMITS, scriptCacheBytesMax: 0 } }));
  expect(plane.hasScript(0, DIGEST)).toBe(false);
  plane.learnScript(0, BODY);
  expect(plane.hasScript(0, DIGEST)).toBe(false);
  plane.setSettings(0, settings());
});

const METHODS = ['learnScript', 'hasScript', 'scriptBody', 'clearScripts'] as const;
test.each(METHODS)('%s names what is wrong with the database', (method) => {
  expect(() => call(method, '0', BODY)).toThrow(new TypeError('the database must be a number'));
  expect(() => call(method, 7, BODY)).toThrow(new TypeError('there is no such database'));
});

test('every argument is checked', () => {
  expect(() => call('learnScript', 0, 'text')).toThrow(new TypeError('the body must be a Buffer'));
  for (const digest of [undefined, 1, '', DIGEST.slice(1), `${DIGEST}0`, `g${DIGEST.slice(1)}`]) {
    const message = new TypeError('the digest must be 40 hexadecimal digits');
    expect(() => call('hasScript', 0, digest)).toThrow(message);
    expect(() => call('scriptBody', 0, digest)).toThrow(message);
    expect(() => call('scriptChecked', 0, 'n', digest, true)).toThrow(message);
  }
  const message = new TypeError(
    'scriptChecked takes a database, a node id, a digest and a boolean',
  );
  expect(() => call('scriptChecked', 0, 'n', DIGEST)).toThrow(message);
  expect(() => call('scriptChecked', 0, 1, DIGEST, true)).toThrow(message);
  expect(call('scriptChecked', 0, 'n', DIGEST, true)).toBeUndefined();
});
