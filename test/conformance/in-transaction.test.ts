import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandRow } from '../../src/commands/index.js';
import { EXAMPLES } from './examples/index.js';
import { expectAlike } from './support/alike.js';
import { Connection } from './support/connection.js';
import { readExamples, type SendStep } from './support/example.js';
import { keysOf, plainSteps, withWords } from './support/generate.js';
import { KNOWN } from './support/known.js';
import type { Answered, Target } from './support/player.js';
import { describeReply, type Reply } from './support/reply.js';
import { isRefused, isStepOf, rowOfWords, TABLE } from './support/rows.js';
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

/** The first example's, without those that are not queued: one would end the transaction. */
function stepsOf({ name }: CommandRow): readonly SendStep[] {
  const [example = []] = readExamples(EXAMPLES.get(name) ?? '');
  return plainSteps(example).filter(({ words }) => {
    const arity = rowOfWords(words)?.arity ?? 0;
    return arity > 0 ? words.length === arity : words.length >= -arity;
  });
}

/** Those commands whose keys are in the slot of the first one. */
async function inOneSlot(steps: readonly SendStep[]): Promise<readonly SendStep[]> {
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

const ROWS = TABLE.rows.filter((row) => !isRefused(row) && KNOWN.has(row.name));
const KEYED = ROWS.filter(({ keySpecs, name }) => keySpecs.length > 0 && name !== 'watch');
const KEYLESS = ROWS.filter(({ route }) => route.kind === 'keyless');
/** They are asked of several servers, or of the proxy; a transaction is one server's. */
const ELSEWHERE = ROWS.filter(({ route }) => route.kind === 'fan_out');

describe.each([2, 3] as const)('RESP%i: between MULTI and EXEC', (protocol) => {
  const playAll = (steps: readonly SendStep[]) =>
    expectAlike(world, steps, protocol, (played, target) =>
      playInTransaction(plainSteps(played), target),
    );

  test.each(KEYED)('$name: as by one server', async (row) => {
    await playAll(await inOneSlot(stepsOf(row)));
  });

  test.each(KEYLESS)('$name: as by one server', async (row) => {
    await playAll(stepsOf(row).filter((step) => isStepOf(step, row)));
  });

  test.each(ELSEWHERE)('$name: refused, and the transaction with it', async (row) => {
    const connection = await Connection.open(world.proxy.port, protocol);
    const words = withWords(row, Math.abs(row.arity)) ?? [];
    connection.sendAll([['MULTI'], words, ['EXEC']]);
    const replies = [];
    for (let i = 0; i < 3; i++) {
      replies.push(describeReply(await connection.take('answers')));
    }
    connection.close();
    expect(replies).toEqual([
      'simple "OK"',
      `error "ERR command is not allowed in a transaction through Slotgate: '${row.name}'"`,
      'error "EXECABORT Transaction discarded because of previous errors."',
    ]);
  });
});
