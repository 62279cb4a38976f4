import { afterAll, beforeAll, describe, test } from 'vitest';
import { EXAMPLES } from './examples/index.js';
import { expectAlike } from './support/alike.js';
import { readExamples } from './support/example.js';
import { isRefused, refusedRowsOf, TABLE } from './support/rows.js';
import { startWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** Without rows that are refused, and examples that need such a row. */
const CASES = [...EXAMPLES].flatMap(([name, text]) => {
  const row = TABLE.find(name);
  return row === undefined || isRefused(row)
    ? []
    : readExamples(text)
        .filter((example) => refusedRowsOf(example).length === 0)
        .map((example, i) => ({ name: i === 0 ? name : `${name} (${i + 1})`, example }));
});

describe.each([2, 3] as const)('RESP%i: answered as by one server', (protocol) => {
  test.each(CASES)('$name', ({ example }) => expectAlike(world, example, protocol));
});
