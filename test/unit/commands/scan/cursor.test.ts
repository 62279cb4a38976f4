import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeCursor,
  encodeCursor,
  NODE_CURSOR_LIMIT,
  POSITION_LIMIT,
} from '../../../../src/commands/handlers/scan/cursor.js';
import { CursorHandles } from '../../../../src/commands/handlers/scan/handles.js';

function kindOf(text: string): string {
  return decodeCursor(Buffer.from(text)).kind;
}

describe('cursors', () => {
  test('any cursor survives a client that keeps it in a double', () => {
    const cursors = fc.record({
      position: fc.integer({ min: 1, max: POSITION_LIMIT - 1 }),
      nodeCursor: fc.integer({ min: 0, max: NODE_CURSOR_LIMIT - 1 }),
    });
    fc.assert(
      fc.property(cursors, (cursor) => {
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
    const largest = { position: POSITION_LIMIT - 1, nodeCursor: NODE_CURSOR_LIMIT - 1 };
    expect(encodeCursor(largest)).toBe(String(Number.MAX_SAFE_INTEGER));
  });

  test('0 is the start, however it is written', () => {
    expect(kindOf('0')).toBe('start');
    expect(kindOf('000')).toBe('start');
  });

  test('numbers that no proxy gives out are told from what is no number', () => {
    expect(kindOf(String(2 ** 53))).toBe('foreign');
    expect(kindOf(String(POSITION_LIMIT))).toBe('foreign');
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
    expect(handle).toBeLessThan(NODE_CURSOR_LIMIT);
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
