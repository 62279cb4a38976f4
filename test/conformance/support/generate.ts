import type { CommandRow } from '../../../src/commands/index.js';
import type { RealServer } from '../../support/server.js';
import type { Example, SendStep } from './example.js';
import { nameWords } from './rows.js';

/** A plain command of connection `a`. */
export function stepOf(words: readonly string[]): SendStep {
  return {
    kind: 'send',
    line: words.join(' '),
    connection: 'a',
    words,
    frames: 1,
    compare: undefined,
    proxyOnly: undefined,
    capture: undefined,
    mode: 'once',
  };
}

/** The command with as many arguments as bring it to `count` words; undefined if it has more. */
export function withWords(row: CommandRow, count: number): readonly string[] | undefined {
  const name = nameWords(row);
  return count < name.length
    ? undefined
    : [...name, ...Array.from({ length: count - name.length }, (_, i) => `a${i}`)];
}

/** One word less than the row wants, and one more if its number is fixed. */
export function withWrongArity(row: CommandRow): readonly (readonly string[])[] {
  const counts = [Math.abs(row.arity) - 1, ...(row.arity > 0 ? [row.arity + 1] : [])];
  return counts.flatMap((count) => {
    const words = withWords(row, count);
    return words === undefined ? [] : [words];
  });
}

/** Commands that give `key` each type of value, one element each, or none. */
export function valuesOf(key: string): readonly (readonly string[])[] {
  return [
    ['DEL', key],
    ['SET', key, 'v'],
    ['RPUSH', key, 'v'],
    ['SADD', key, 'v'],
    ['HSET', key, 'f', 'v'],
    ['ZADD', key, '1', 'v'],
    ['XADD', key, '1-1', 'f', 'v'],
  ];
}

/** The commands of an example that need no other connection, and no answer to an earlier one. */
export function plainSteps(example: Example): readonly SendStep[] {
  return example.flatMap((step) =>
    step.kind === 'send' &&
    step.connection === 'a' &&
    step.frames === 1 &&
    step.mode === 'once' &&
    step.proxyOnly === undefined &&
    !step.words.some((word) => /^\$\w/.test(word))
      ? [{ ...step, capture: undefined }]
      : [],
  );
}

/** The keys of a command as a server finds them; none if it does not know it, or finds none. */
export async function keysOf(
  server: RealServer,
  words: readonly string[],
): Promise<readonly string[]> {
  try {
    const keys = await server.call('COMMAND', 'GETKEYS', ...words);
    return Array.isArray(keys) ? [...new Set(keys.map(String))] : [];
  } catch {
    return [];
  }
}
