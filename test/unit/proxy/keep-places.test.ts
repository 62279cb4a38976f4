import { expect, test } from 'vitest';
import { CommandTable, coreTable } from '../../../src/commands/index.js';
import { keepPlaces } from '../../../src/proxy/keep-places.js';

const rows = coreTable().rows.slice(0, 4);

function names(table: CommandTable): readonly string[] {
  return table.rows.map(({ name }) => name);
}

test('rows that were published keep their places, new ones follow', () => {
  const [a, b, c, d] = rows;
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error('the core table is empty');
  }
  const published = new CommandTable([c, a]);
  const next = new CommandTable([a, b, c, d]);
  expect(names(keepPlaces(published, next))).toEqual([c, a, b, d].map(({ name }) => name));
});

test('a row that is gone stays as it was', () => {
  const published = new CommandTable(rows);
  expect(keepPlaces(published, new CommandTable([])).rows).toEqual(rows);
});
