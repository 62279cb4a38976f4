/**
 * The cursors that clients get. They are below 2^53, since some libraries keep them in doubles. With
 * n bits for the node cursor, a cursor is
 *
 *   (node cursor × 2^(51 - n) + position) × 4 + form
 *
 * `position` names a shape of the cluster and a step of its plan (`shapes.ts`). Nothing but its bits
 * tells a cursor of another proxy from one of our own, so it gets all that the node cursor leaves: the
 * form says how many these are. A position is never 0, so a cursor is 0 at the start and the end only.
 */
export interface CursorForm {
  /** Node cursors are from 0 to this, without it. */
  readonly nodeCursorLimit: number;
  /** Positions are from 1 to this, without it. */
  readonly positionLimit: number;
}

const PAYLOAD_BITS = 51;

/** Those that keep node cursors get wider from the second on; the first keeps handles. */
export const CURSOR_FORMS: readonly CursorForm[] = [32, 20, 26, 32].map((bits) => ({
  nodeCursorLimit: 2 ** bits,
  positionLimit: 2 ** (PAYLOAD_BITS - bits),
}));
/** The form of cursors that have a handle (`handles.ts`) instead of a node cursor. */
export const HANDLE_FORM = 0;
/** Handles are from 0 to this, without it. */
export const HANDLE_LIMIT = 2 ** 32;

const CURSOR_LIMIT = 2n ** 53n;
/** Servers keep a cursor in 64 bits and refuse what is larger. */
const SERVER_CURSOR_LIMIT = 2n ** 64n;

export interface CursorPosition {
  /** Index into `CURSOR_FORMS`. */
  readonly form: number;
  /** In [1, positionLimit) of the form. */
  readonly position: number;
}

export interface ScanCursor extends CursorPosition {
  /** In [0, nodeCursorLimit) of the form. */
  readonly nodeCursor: number;
}

export type DecodedCursor =
  | { readonly kind: 'start' }
  | ({ readonly kind: 'inside' } & ScanCursor)
  /** A number, but not one that a proxy has given out. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'invalid' };

/** The form with the most room for the position; `HANDLE_FORM` if there is none for the cursor. */
export function formOf(nodeCursor: bigint): number {
  const fits = ({ nodeCursorLimit }: CursorForm, form: number) =>
    form !== HANDLE_FORM && nodeCursor < BigInt(nodeCursorLimit);
  return Math.max(CURSOR_FORMS.findIndex(fits), HANDLE_FORM);
}

export function encodeCursor({ form, position, nodeCursor }: ScanCursor): string {
  const payload = nodeCursor * positionLimitOf(form) + position;
  return String(payload * CURSOR_FORMS.length + form);
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
  if (value >= CURSOR_LIMIT) {
    return { kind: 'foreign' };
  }
  const form = Number(value) % CURSOR_FORMS.length;
  const payload = Math.floor(Number(value) / CURSOR_FORMS.length);
  const position = payload % positionLimitOf(form);
  const nodeCursor = Math.floor(payload / positionLimitOf(form));
  return position === 0 ? { kind: 'foreign' } : { kind: 'inside', form, position, nodeCursor };
}

function positionLimitOf(form: number): number {
  return ofForm(CURSOR_FORMS, form).positionLimit;
}

/**
 * @param items One for each of `CURSOR_FORMS`.
 * @throws RangeError for what is no index into them.
 */
export function ofForm<T>(items: readonly T[], form: number): T {
  const item = items[form];
  if (item === undefined) {
    throw new RangeError(`cursors have no form ${form}`);
  }
  return item;
}
