/**
 * The cursors that clients get. They are below 2^53, since some libraries keep them in doubles:
 *
 *   node cursor (32 bits) × 2^21 + position (21 bits)
 *
 * `position` names a shape of the cluster and a step of its plan (`shapes.ts`). It is never 0, so a
 * cursor is 0 at the start and the end only.
 */

/** Positions are from 1 to this, without it. */
export const POSITION_LIMIT = 2 ** 21;
/** A server's cursor from this on is replaced by a handle (`handles.ts`). */
export const NODE_CURSOR_LIMIT = 2 ** 32;

const CURSOR_LIMIT = 2n ** 53n;
/** Servers keep a cursor in 64 bits and refuse what is larger. */
const SERVER_CURSOR_LIMIT = 2n ** 64n;

export interface ScanCursor {
  /** In [1, POSITION_LIMIT). */
  readonly position: number;
  /** In [0, NODE_CURSOR_LIMIT). */
  readonly nodeCursor: number;
}

export type DecodedCursor =
  | { readonly kind: 'start' }
  | ({ readonly kind: 'inside' } & ScanCursor)
  /** A number, but not one that a proxy has given out. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'invalid' };

export function encodeCursor({ position, nodeCursor }: ScanCursor): string {
  return String(nodeCursor * POSITION_LIMIT + position);
}

export function decodeCursor(bytes: Buffer): DecodedCursor {
  const text = bytes.toString('latin1');
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : SERVER_CURSOR_LIMIT;
  if (value >= SERVER_CURSOR_LIMIT) {
    return { kind: 'invalid' };
  }
  if (value === 0n) {
    return { kind: 'start' };
  }
  const position = Number(value % BigInt(POSITION_LIMIT));
  const nodeCursor = Number(value / BigInt(POSITION_LIMIT));
  return value < CURSOR_LIMIT && position !== 0
    ? { kind: 'inside', position, nodeCursor }
    : { kind: 'foreign' };
}
