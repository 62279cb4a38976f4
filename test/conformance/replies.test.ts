import { afterAll, beforeAll, describe, test } from 'vitest';
import { TRACKING_RESP2, TRACKING_RESP3 } from './examples/connection.js';
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

function casesOf(name: string, text: string) {
  const row = TABLE.find(name);
  return row === undefined || isRefused(row)
    ? []
    : readExamples(text)
        .filter((example) => refusedRowsOf(example).length === 0)
        .map((example, i) => ({ name: i === 0 ? name : `${name} (${i + 1})`, example }));
}

/** Without rows that are refused, and examples that need such a row. */
const CASES = [...EXAMPLES].flatMap(([name, text]) => casesOf(name, text));
/** Messages come with the answers in RESP3, over another connection in RESP2. */
const TRACKING = {
  2: casesOf('client|tracking', TRACKING_RESP2),
  3: casesOf('client|tracking', TRACKING_RESP3),
};

describe.each([2, 3] as const)('RESP%i: answered as by one server', (protocol) => {
  test.each([...CASES, ...TRACKING[protocol]])('$name', ({ example }) =>
    expectAlike(world, example, protocol),
  );
});
