import { createHash } from 'node:crypto';
import { HANDLE_LIMIT } from './cursor.js';

const HANDLES_MAX = 4_096;

/**
 * Servers' cursors that have no place in a client's cursor, each under a number that has. Which
 * number follows from the cursor and its position, so a repeated step fills nothing.
 */
export class CursorHandles {
  readonly #cursors = new Map<string, bigint>();
  readonly #max: number;

  constructor(max = HANDLES_MAX) {
    this.#max = max;
  }

  /** @returns The handle, in [0, HANDLE_LIMIT). */
  keep(position: number, cursor: bigint): number {
    let handle = createHash('sha256').update(`${position} ${cursor}`).digest().readUInt32BE();
    while ((this.#cursors.get(keyOf(position, handle)) ?? cursor) !== cursor) {
      handle = (handle + 1) % HANDLE_LIMIT;
    }
    const key = keyOf(position, handle);
    this.#cursors.delete(key);
    this.#cursors.set(key, cursor);
    this.#dropOldest();
    return handle;
  }

  /** @returns undefined if it was dropped, or is another proxy's: the server has to be begun again. */
  find(position: number, handle: number): bigint | undefined {
    return this.#cursors.get(keyOf(position, handle));
  }

  #dropOldest(): void {
    const [oldest] = this.#cursors.keys();
    if (this.#cursors.size > this.#max && oldest !== undefined) {
      this.#cursors.delete(oldest);
    }
  }
}

function keyOf(position: number, handle: number): string {
  return `${position} ${handle}`;
}
