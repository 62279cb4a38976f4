import { expect, test } from 'vitest';
import { filesWith, textOf } from './support/files.js';

const CODE = ['.ts', '.mjs', '.js', '.cc', '.h'];
const MAX_LINES = 500;
/** Tables written by a generator. */
const GENERATED = 'src/commands/data/';
/** Unfinished work belongs in an issue. Spelled apart, so that this file may be searched, too. */
const FORBIDDEN_WORDS = ['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK:'];

test.each(['src', 'native', 'bench', 'scripts', 'test'])('no file of %s is too long', (folder) => {
  const written = filesWith(folder, CODE).filter((file) => !file.startsWith(GENERATED));
  const lengths = written.map((file) => ({
    file,
    lines: textOf(file).split('\n').length,
  }));
  expect(lengths.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
});

test('no file has marks of unfinished work', () => {
  const files = filesWith('.', [...CODE, '.md', '.gyp', '.txt']);
  const marked = files.flatMap((file) => {
    const text = textOf(file);
    return FORBIDDEN_WORDS.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`);
  });
  expect(files.length).toBeGreaterThan(10);
  expect(marked).toEqual([]);
});

test('TypeScript is never told to look away', () => {
  const escapes = /@ts-(nocheck|ignore|expect-error)|\bas unknown as\b/;
  const files = ['src', 'bench', 'test'].flatMap((folder) => filesWith(folder, ['.ts']));
  const ours = 'test/tidy/sizes-and-words.test.ts';
  expect(files.filter((file) => file !== ours && escapes.test(textOf(file)))).toEqual([]);
});
