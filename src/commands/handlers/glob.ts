/**
 * Glob patterns as the servers match them (`stringmatchlen`): `*`, `?`, `[a-z]`, `[^a]`, and `\` in
 * front of any of them. Every other character stands for itself.
 */

type Token =
  | { readonly kind: 'any_run' }
  | { readonly kind: 'one'; readonly accepts: (char: string) => boolean };

/** Case counts. The work is at most pattern length times text length, whatever the pattern. */
export function globMatches(pattern: string, text: string): boolean {
  const tokens = tokenize(pattern);
  let t = 0;
  let p = 0;
  let runStart = -1;
  let runText = 0;
  while (t < text.length) {
    const token = tokens[p];
    if (token?.kind === 'any_run') {
      runStart = p++;
      runText = t;
    } else if (token?.accepts(text.charAt(t)) === true) {
      p++;
      t++;
    } else if (runStart !== -1) {
      // The last `*` takes one character more, and the rest is tried again behind it.
      p = runStart + 1;
      t = ++runText;
    } else {
      return false;
    }
  }
  return tokens.slice(p).every((token) => token.kind === 'any_run');
}

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  let i = 0;
  while (i < pattern.length) {
    const char = pattern.charAt(i);
    if (char === '[') {
      const set = readSet(pattern, i + 1);
      tokens.push({ kind: 'one', accepts: set.accepts });
      i = set.end;
    } else if (char === '*') {
      tokens.push({ kind: 'any_run' });
      i++;
    } else if (char === '?') {
      tokens.push({ kind: 'one', accepts: () => true });
      i++;
    } else {
      const at = char === '\\' && i + 1 < pattern.length ? i + 1 : i;
      const literal = pattern.charAt(at);
      tokens.push({ kind: 'one', accepts: (other) => other === literal });
      i = at + 1;
    }
  }
  return tokens;
}

interface CharacterSet {
  readonly accepts: (char: string) => boolean;
  /** Index behind the closing bracket; a set that is not closed ends with the pattern. */
  readonly end: number;
}

function readSet(pattern: string, start: number): CharacterSet {
  const isNegated = pattern.charAt(start) === '^';
  const ranges: (readonly [string, string])[] = [];
  let i = isNegated ? start + 1 : start;
  while (i < pattern.length && pattern.charAt(i) !== ']') {
    if (pattern.charAt(i) === '\\' && i + 1 < pattern.length) {
      i++;
    }
    const first = pattern.charAt(i);
    const isRange = pattern.charAt(i + 1) === '-' && i + 2 < pattern.length;
    const last = isRange ? pattern.charAt(i + 2) : first;
    ranges.push(first <= last ? [first, last] : [last, first]);
    i += isRange ? 3 : 1;
  }
  const isListed = (char: string) => ranges.some(([low, high]) => low <= char && char <= high);
  return { accepts: (char) => isListed(char) !== isNegated, end: i + 1 };
}
