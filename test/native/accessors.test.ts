import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NativePlane } from '../../src/native/addon.js';
import { type ControlAnswer, nativeAddon } from '../../src/native/index.js';
import { coreRows, LIMITS, routesTo, settings } from './support/plane-data.js';

const CLIENT = { id: 256, index: 0 };
const ANSWER: ControlAnswer = {
  reply: Buffer.from('+OK\r\n'),
  closeAfter: false,
  protocol: 0,
  user: -1,
  name: '',
};

let plane: NativePlane;
beforeEach(() => {
  plane = new (nativeAddon().Plane)(1, () => undefined);
});
afterEach(() => {
  plane.stop();
});

function hostile<T extends object>(value: T, name: keyof T): T {
  return Object.defineProperty({ ...value }, name, {
    get(): never {
      throw new RangeError('thrown by an accessor');
    },
  });
}

test.each<readonly [string, () => void]>([
  ['settings', () => plane.addDatabase(0, hostile(settings(), 'users'))],
  ['limits', () => plane.setSettings(0, settings({ limits: hostile(LIMITS, 'clientsMax') }))],
  [
    'rows',
    () =>
      plane.setCommands(
        0,
        coreRows().map((row) => hostile(row, 'flags')),
      ),
  ],
  ['servers', () => plane.setRoutes(0, hostile(routesTo([7000]), 'servers'))],
  ['slots', () => plane.setRoutes(0, hostile(routesTo([7000]), 'slotToServer'))],
  ['a client', () => plane.answer(hostile(CLIENT, 'id'), ANSWER)],
  ['an answer', () => plane.answer(CLIENT, hostile(ANSWER, 'reply'))],
  ['a name', () => plane.answer(CLIENT, hostile(ANSWER, 'name'))],
])('what an accessor of %s throws is thrown', (_what, attempt) => {
  expect(attempt).toThrow(new RangeError('thrown by an accessor'));
});
