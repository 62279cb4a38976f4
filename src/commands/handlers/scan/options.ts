import { slotOfPattern } from './pattern-slot.js';

/** The options of one SCAN, as far as the proxy has to act on them itself. */
export interface ScanOptions {
  /** All words behind the cursor, which the servers get. */
  readonly words: readonly Buffer[];
  /** False if there is something that only the servers understand, or an error for them to word. */
  readonly areKnown: boolean;
  readonly match: Buffer | null;
  /** In lower case. */
  readonly type: string | null;
  readonly count: number;
  /** If all matching keys lie in one slot: that slot. */
  readonly slot: number | null;
}

const COUNT_DEFAULT = 10;

/** @param words Behind the cursor. Of an option that is given twice, the last counts, as at a server. */
export function parseScanOptions(words: readonly Buffer[]): ScanOptions {
  let match: Buffer | null = null;
  let type: string | null = null;
  let count = COUNT_DEFAULT;
  let areKnown = words.length % 2 === 0;
  for (let i = 0; i + 1 < words.length; i += 2) {
    const name = words[i]?.toString('latin1').toUpperCase();
    const value = words[i + 1] ?? Buffer.alloc(0);
    if (name === 'MATCH') {
      match = value;
    } else if (name === 'TYPE') {
      type = value.toString('latin1').toLowerCase();
    } else if (name === 'COUNT' && /^[1-9]\d{0,8}$/.test(value.toString('latin1'))) {
      count = Number(value);
    } else {
      areKnown = false;
    }
  }
  const slot = areKnown && match !== null ? slotOfPattern(match) : null;
  return { words, areKnown, match, type, count, slot };
}
