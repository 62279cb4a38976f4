import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/errors/codes.js';
import { textOf } from './support/files.js';

test('docs/errors.md has every code, with its meaning, and no other', () => {
  const rows = [...textOf('docs/errors.md').matchAll(/^\| `([a-z_]+)` \| (.*?) \|/gm)];
  const documented = rows.map((row) => [row[1], row[2]?.replaceAll('`', '')]);
  expect(documented).toEqual(Object.entries(ERROR_CODES));
});
