import { nativeAddon } from '../../../native/index.js';

/**
 * The one slot in which every key lies that matches the pattern: it has a hash tag without anything
 * but literal characters in front of it and in it, or is literal altogether.
 * @returns null if matching keys may lie in several slots.
 */
export function slotOfPattern(pattern: Buffer): number | null {
  const { literal, isWhole } = literalStart(pattern.toString('latin1'));
  const open = literal.indexOf('{');
  const close = open === -1 ? -1 : literal.indexOf('}', open + 1);
  // Without a closing brace, or with nothing in front of it, the whole key is hashed.
  const hasTag = close > open + 1;
  if (!hasTag && !isWhole) {
    return null;
  }
  const key = hasTag ? literal.slice(0, close + 1) : literal;
  return nativeAddon().slotForKey(Buffer.from(key, 'latin1'));
}

/** What every matching key begins with, and whether that is all of it. */
function literalStart(pattern: string): { readonly literal: string; readonly isWhole: boolean } {
  let literal = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '*' || char === '?' || char === '[') {
      return { literal, isWhole: false };
    }
    // As in the servers' matching, a backslash at the very end stands for itself.
    literal += char === '\\' && i + 1 < pattern.length ? pattern.charAt(++i) : char;
  }
  return { literal, isWhole: true };
}
