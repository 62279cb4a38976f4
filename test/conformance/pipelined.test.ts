import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXAMPLES } from './examples/index.js';
import { expectAlike } from './support/alike.js';
import { Connection } from './support/connection.js';
import { type Example, readExamples, type Step } from './support/example.js';
import { stepOf } from './support/generate.js';
import type { Answered, Target } from './support/player.js';
import { isRefused, refusedRowsOf, TABLE } from './support/rows.js';
import { startWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** One write; the answers are taken afterwards, in order. */
async function playAtOnce(example: Example, target: Target): Promise<readonly Answered[]> {
  const connection = await Connection.open(target.port, target.protocol);
  try {
    connection.sendAll(example.flatMap((step) => (step.kind === 'send' ? [step.words] : [])));
    const answered: Answered[] = [];
    for (const step of example) {
      answered.push({ step, replies: [await connection.take('answers')] });
    }
    return answered;
  } finally {
    connection.close();
  }
}

/** One connection, one answer to each command, and no answer that a later command needs. */
function isPlain(step: Step): boolean {
  return (
    step.kind === 'send' &&
    step.connection === 'a' &&
    step.frames === 1 &&
    step.mode === 'once' &&
    step.capture === undefined &&
    !/^(.?subscribe|.?unsubscribe|quit|monitor)$/i.test(step.words[0] ?? '')
  );
}

/** What the proxy alone is asked has been looked at one by one. */
const CASES = [...EXAMPLES].flatMap(([name, text]) => {
  const row = TABLE.find(name);
  return row === undefined || isRefused(row)
    ? []
    : readExamples(text)
        .map((steps) =>
          steps.filter((step) => step.kind !== 'send' || step.proxyOnly === undefined),
        )
        .filter((example) => example.every(isPlain) && refusedRowsOf(example).length === 0)
        .map((example, i) => ({ name: i === 0 ? name : `${name} (${i + 1})`, example }));
});

describe.each([2, 3] as const)(
  'RESP%i: an example in one write is answered as by one server',
  (protocol) => {
    test('most examples are such', () => {
      expect(CASES.length).toBeGreaterThan(200);
    });

    test.each(CASES)('$name', ({ example }) => expectAlike(world, example, protocol, playAtOnce));
  },
);

describe('commands as typed into a terminal', () => {
  const LINES = [
    ...['PING', 'ping', '  SET a   "x y"', "SET b 'it\\'s'", 'GET a', 'MGET a b c', 'get b'],
    ...['SET c "\\x00\\n"', 'GET c', 'HSET h f 1', 'HGETALL h', 'DEL a b', 'GET', 'NONSENSE x'],
    ...['CLIENT GETNAME', 'CONFIG GET nonsense', 'COMMAND COUNT', 'OBJECT HELP', 'ECHO ""', ''],
  ];

  async function playTyped(example: Example, target: Target): Promise<readonly Answered[]> {
    const connection = await Connection.open(target.port, target.protocol);
    try {
      const answered: Answered[] = [];
      for (const step of example) {
        connection.sendRaw(`${step.line}\r\n`);
        const replies = step.line === '' ? [] : [await connection.take('answers')];
        answered.push({ step, replies });
      }
      connection.sendRaw('SET a "unbalanced\r\n');
      const replies = [await connection.take('answers'), await connection.take('answers')];
      return [...answered, { step: stepOf(['(unbalanced quotes)']), replies }];
    } finally {
      connection.close();
    }
  }

  test.each([2, 3] as const)('RESP%i', async (protocol) => {
    const steps = LINES.map((line) => ({ ...stepOf(line.trim().split(/\s+/)), line }));
    await expectAlike(world, steps, protocol, playTyped);
  });
});
