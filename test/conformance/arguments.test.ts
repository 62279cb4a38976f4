import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandRow } from '../../src/commands/index.js';
import { EXAMPLES } from './examples/index.js';
import { expectAlike } from './support/alike.js';
import { readExamples, type SendStep } from './support/example.js';
import {
  keysOf,
  plainSteps,
  stepOf,
  valuesOf,
  withWords,
  withWrongArity,
} from './support/generate.js';
import { KNOWN } from './support/known.js';
import { isRefused, isStepOf, TABLE } from './support/rows.js';
import { startWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const ANSWERED = TABLE.rows.filter((row) => !isRefused(row));
const KEYED = ANSWERED.filter((row) => row.route.kind === 'keys' && row.blocking.kind === 'never');

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  test('a wrong number of arguments is answered as by one server, for every row', async () => {
    const rows = ANSWERED.filter(({ name }) => KNOWN.has(name));
    const steps = rows.flatMap(withWrongArity).map(stepOf);
    expect(steps.length).toBeGreaterThan(300);
    await expectAlike(world, steps, protocol);
  });

  test('what only a cluster has is refused in the words of one server', async () => {
    const rows = TABLE.rows.filter(
      ({ name, group }) => group === 'cluster' && KNOWN.has(name) && name !== 'cluster',
    );
    const steps = rows.map((row) => stepOf(withWords(row, Math.abs(row.arity)) ?? []));
    expect(steps.length).toBeGreaterThan(20);
    await expectAlike(world, steps, protocol);
  });

  test.each(KEYED)('$name: no key, and keys of every type', async (row) => {
    const steps = stepsOf(row);
    const keys = await Promise.all(steps.map(({ words }) => keysOf(world.single, words)));
    const played = steps.flatMap((step, i) => onEveryType(step, keys[i] ?? []));
    await expectAlike(world, played, protocol);
  });
});

/** The first example's commands of this row. */
function stepsOf(row: CommandRow): readonly SendStep[] {
  const [example = []] = readExamples(EXAMPLES.get(row.name) ?? '');
  return plainSteps(example).filter((step) => isStepOf(step, row));
}

/** The command once per type of value, after all of its keys got such a value. */
function onEveryType(step: SendStep, keys: readonly string[]): readonly SendStep[] {
  const values = keys.map((key) => ({ key, commands: valuesOf(key) }));
  const types = valuesOf('').keys();
  return [...types].flatMap((type) => [
    ...values.flatMap(({ key, commands }) => [stepOf(['DEL', key]), stepOf(commands[type] ?? [])]),
    { ...step, compare: undefined, capture: undefined },
  ]);
}
