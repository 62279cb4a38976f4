import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXAMPLES } from './examples/index.js';
import { expectAlike } from './support/alike.js';
import { Connection } from './support/connection.js';
import { type Example, readExamples, type SendStep } from './support/example.js';
import { keysOf, plainSteps } from './support/generate.js';
import type { Answered, Target } from './support/player.js';
import { describeReply, type Reply } from './support/reply.js';
import { isRefused, rowOfWords, TABLE } from './support/rows.js';
import { startWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const COMPARED_EXACTLY = { compare: 'exact' } as const;

/** The steps between MULTI and EXEC: how each was queued, then what EXEC says of each. */
async function playInTransaction(
  example: readonly SendStep[],
  target: Target,
): Promise<readonly Answered[]> {
  const connection = await Connection.open(target.port, target.protocol);
  try {
    const ask = async (words: readonly string[]): Promise<Reply> => {
      connection.send(words);
      return connection.take('answers');
    };
    const answered: Answered[] = [];
    const begun = await ask(['MULTI']);
    for (const step of example) {
      const replies = [begun, await ask(step.words)];
      answered.push({ step: { ...step, ...COMPARED_EXACTLY }, replies });
    }
    const executed = await ask(['EXEC']);
    const results = executed.kind === 'array' ? executed.items : [];
    expect(results.length, describeReply(executed)).toBe(example.length);
    return [...answered, ...example.map((step, i) => ({ step, replies: results.slice(i, i + 1) }))];
  } finally {
    connection.close();
  }
}

/**
 * Those commands whose keys are in the slot of the first one, and that can be queued: one that is
 * refused ends the transaction, which has examples of its own.
 */
async function inOneSlot(all: readonly SendStep[]): Promise<readonly SendStep[]> {
  const steps = all.filter(({ words }) => {
    const arity = rowOfWords(words)?.arity ?? 0;
    return arity > 0 ? words.length === arity : words.length >= -arity;
  });
  const slots = await Promise.all(
    steps.map(async ({ words }) => {
      const keys = await keysOf(world.single, words);
      const ofKeys = await Promise.all(
        keys.map((key) => world.cluster.server(0).call('CLUSTER', 'KEYSLOT', key)),
      );
      return new Set(ofKeys);
    }),
  );
  const [first] = slots.flatMap((set) => [...set]);
  return steps.filter((_, i) => first !== undefined && slots[i]?.size === 1 && slots[i].has(first));
}

const KEYED = TABLE.rows.filter(
  (row) => !row.container && !isRefused(row) && row.keySpecs.length > 0 && row.name !== 'watch',
);

describe.each([2, 3] as const)('RESP%i: between MULTI and EXEC, as by one server', (protocol) => {
  test.each(KEYED)('$name', async ({ name }) => {
    const [example = []] = readExamples(EXAMPLES.get(name) ?? '');
    const steps = await inOneSlot(plainSteps(example));
    await expectAlike(world, steps, protocol, (played: Example, target) =>
      playInTransaction(plainSteps(played), target),
    );
  });
});
