import { expect, test } from 'vitest';
import { filesWith, textOf } from './support/files.js';
import { type ShownBy, shownBy, tablesOf } from './support/named-tests.js';

const PAGE = 'docs/failure-contract.md';
const NATIVE = new Set(
  filesWith('native/test', ['_test.cc']).flatMap((file) =>
    [...textOf(file).matchAll(/^TEST\((\w+)\)/gm)].map((match) => match[1] ?? ''),
  ),
);
const FILES = filesWith('test', ['.test.ts']);

/** @returns What is wrong with what a cell names, in words. */
function faultsOf({ native, titles, rest }: ShownBy): readonly string[] {
  return [
    ...native.filter((name) => !NATIVE.has(name)).map((name) => `no native test ${name}`),
    ...titles
      .filter(({ file, title }) => !hasTest(file, title))
      .map((t) => `no test ${t.file}: ${t.title}`),
    ...(rest === '' ? [] : [`neither a native test nor "file.test.ts: title": ${rest}`]),
    ...(native.length + titles.length === 0 ? ['no test is named'] : []),
  ];
}

function hasTest(file: string, title: string): boolean {
  const path = FILES.find((candidate) => candidate.endsWith(`/${file}`));
  return path !== undefined && titlesIn(textOf(path)).some((found) => found.startsWith(title));
}

function titlesIn(text: string): readonly string[] {
  const calls = text.matchAll(/\btest(?:\.\w+\([\s\S]*?\))?\(\s*(['"`])((?:\\.|(?!\1).)+)\1/g);
  return [...calls].map((match) => (match[2] ?? '').replace(/\\(.)/g, '$1'));
}

test('the check sees what does not exist, and what is no name of a test', () => {
  const cell = '`half_a_small_reply_is_as_none`, tidy.test.ts: no, such title; and words';
  expect(shownBy('`a_b`, `c_d`; x.test.ts: one, two; y-z.test.ts: three')).toEqual({
    native: ['a_b', 'c_d'],
    titles: [
      { file: 'x.test.ts', title: 'one, two' },
      { file: 'y-z.test.ts', title: 'three' },
    ],
    rest: '',
  });
  expect(faultsOf(shownBy(cell))).toEqual(['no test tidy.test.ts: no, such title; and words']);
  expect(faultsOf(shownBy('`no_such_test`'))).toEqual(['no native test no_such_test']);
  expect(faultsOf(shownBy('–'))).toContain('no test is named');
  expect(faultsOf(shownBy('process.test.ts'))).toContain('no test is named');
});

test('every row of the failure contract names tests that exist', () => {
  const tables = tablesOf(textOf(PAGE)).filter(({ header }) => header[0] !== 'test');
  expect(tables.length).toBeGreaterThan(8);
  const faults = tables.flatMap(({ header, rows }) =>
    rows.flatMap((row) => {
      const named = header.at(-1) === 'shown by' ? (row.at(-1) ?? '') : '';
      return faultsOf(shownBy(named)).map((fault) => `${row[0]}: ${fault}`);
    }),
  );
  expect(faults).toEqual([]);
});
