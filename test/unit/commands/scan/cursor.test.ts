import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CURSOR_FORMS,
  decodeCursor,
  encodeCursor,
  formOf,
  HANDLE_FORM,
  HANDLE_LIMIT,
  type ScanCursor,
} from '../../../../src/commands/handlers/scan/cursor.js';
import { CursorHandles } from '../../../../src/commands/handlers/scan/handles.js';

function kindOf(text: string): string {
  return decodeCursor(Buffer.from(text)).kind;
}

/** Any cursor of any form. */
const CURSORS: fc.Arbitrary<ScanCursor> = fc.oneof(
  ...CURSOR_FORMS.map(({ nodeCursorLimit, positionLimit }, form) =>
    fc.record({
      form: fc.constant(form),
      position: fc.integer({ min: 1, max: positionLimit - 1 }),
      nodeCursor: fc.integer({ min: 0, max: nodeCursorLimit - 1 }),
    }),
  ),
);

describe('cursors', () => {
  test('any cursor survives a client that keeps it in a double', () => {
    fc.assert(
      fc.property(CURSORS, (cursor) => {
        const text = encodeCursor(cursor);
        expect(Number(text)).toBeLessThan(2 ** 53);
        expect(text).not.toBe('0');
        expect(decodeCursor(Buffer.from(String(Number(text))))).toEqual({
          kind: 'inside',
          ...cursor,
        });
      }),
    );
  });

  test('the largest cursor is the largest safe integer', () => {
    const form = CURSOR_FORMS.length - 1;
    const { positionLimit, nodeCursorLimit } = CURSOR_FORMS[form] ?? expect.fail();
    const largest = { form, position: positionLimit - 1, nodeCursor: nodeCursorLimit - 1 };
    expect(encodeCursor(largest)).toBe(String(Number.MAX_SAFE_INTEGER));
  });

  test.each<[bigint, number]>([
    [0n, 2 ** 31],
    [2n ** 20n - 1n, 2 ** 31],
    [2n ** 20n, 2 ** 25],
    [2n ** 26n - 1n, 2 ** 25],
    [2n ** 26n, 2 ** 19],
    [2n ** 32n - 1n, 2 ** 19],
  ])('beside the node cursor %d there is room for %d positions', (nodeCursor, room) => {
    expect(formOf(nodeCursor)).not.toBe(HANDLE_FORM);
    expect(CURSOR_FORMS[formOf(nodeCursor)]?.positionLimit).toBe(room);
  });

  test('node cursors of more than 32 bits need a handle', () => {
    expect(formOf(2n ** 32n)).toBe(HANDLE_FORM);
    expect(CURSOR_FORMS[HANDLE_FORM]?.nodeCursorLimit).toBe(HANDLE_LIMIT);
  });

  test('0 is the start, however it is written', () => {
    expect(kindOf('0')).toBe('start');
    expect(kindOf('000')).toBe('start');
  });

  test('numbers that no proxy gives out are told from what is no number', () => {
    expect(kindOf(String(2 ** 53))).toBe('foreign');
    // Position 0 in each form.
    for (const text of ['1', '2', '3', String(2 ** 21)]) expect(kindOf(text)).toBe('foreign');
    expect(kindOf('18446744073709551615')).toBe('foreign');
    for (const text of ['', ' 1', '1 ', '-1', '+1', '0x1', '1.0', 'a', '18446744073709551616']) {
      expect(kindOf(text)).toBe('invalid');
    }
  });
});

describe('handles of cursors that are too large', () => {
  const LARGE = 2n ** 63n - 25n;

  test('a handle gives the cursor back, at its position only', () => {
    const handles = new CursorHandles();
    const handle = handles.keep(7, LARGE);
    expect(handle).toBeLessThan(HANDLE_LIMIT);
    expect(handles.find(7, handle)).toBe(LARGE);
    expect(handles.find(8, handle)).toBeUndefined();
    expect(handles.find(7, handle + 1)).toBeUndefined();
  });

  test('the same step has the same handle, and fills nothing', () => {
    const handles = new CursorHandles(2);
    const first = handles.keep(1, LARGE);
    handles.keep(1, LARGE + 1n);
    expect(handles.keep(1, LARGE)).toBe(first);
    handles.keep(1, LARGE + 1n);
    expect(handles.find(1, first)).toBe(LARGE);
  });

  test('the oldest are forgotten', () => {
    const handles = new CursorHandles(2);
    const kept = [0n, 1n, 2n].map((n) => handles.keep(1, LARGE + n));
    expect(kept.map((handle) => handles.find(1, handle))).toEqual([
      undefined,
      LARGE + 1n,
      LARGE + 2n,
    ]);
  });
});
