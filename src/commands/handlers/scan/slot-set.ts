import { createHash } from 'node:crypto';
import { SLOT_COUNT } from '../../../topology/index.js';
import type { SlotFilter } from '../errands.js';

/** Some slots, whatever becomes of them. */
export class SlotSet {
  /** The same for the same slots. */
  readonly id: string;
  readonly isEmpty: boolean;
  readonly #members: Uint8Array;

  constructor(isMember: SlotFilter) {
    this.#members = Uint8Array.from({ length: SLOT_COUNT }, (_, slot) => (isMember(slot) ? 1 : 0));
    this.isEmpty = !this.#members.includes(1);
    this.id = createHash('sha256').update(this.#members).digest('hex');
  }

  has(slot: number): boolean {
    return this.#members[slot] === 1;
  }
}
