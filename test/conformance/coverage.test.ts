import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { CommandRow, KeySpec } from '../../src/commands/index.js';
import { EXAMPLES, REPEATED } from './examples/index.js';
import { readExamples, type Step } from './support/example.js';
import { KNOWN } from './support/known.js';
import { isStepOf, nameWords, TABLE } from './support/rows.js';

/** Rows that nothing can be compared of, each with its reason. This number may only fall. */
const NONE_AT_MOST = 24;

const PAGE = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
const NOT_COMPARED = TABLE.rows.filter((row) => row.compare.kind === 'none');

let report = '';
afterAll(() => process.stdout.write(report));

/** What generated arguments cover: one answer to all, whatever they are. */
function isRefused({ route }: CommandRow): boolean {
  return route.kind === 'refuse';
}

function stepsOf(row: CommandRow) {
  const examples = readExamples(EXAMPLES.get(row.name) ?? '');
  return examples.flat().filter((step) => isStepOf(step, row));
}

function mayHaveSeveralKeys({ keySpecs }: CommandRow): boolean {
  const specs = keySpecs.filter(({ flags }) => !flags.includes('not_key'));
  return specs.length > 1 || specs.some(findsSeveral);
}

function findsSeveral({ find }: KeySpec): boolean {
  return find.kind === 'keynum' || (find.kind === 'range' && find.lastKey !== 0);
}

function crossesSlots(step: Step): boolean {
  return step.kind === 'send' && step.proxyOnly?.startsWith('CROSSSLOT') === true;
}

describe('the comparison with one server', () => {
  test('every command of the server has a row, and a line in docs/commands.md', () => {
    expect(KNOWN.size).toBeGreaterThan(360);
    const missing = [...KNOWN].filter((name) => TABLE.find(name) === undefined);
    expect(missing).toEqual([]);
    // A container alone does nothing: its page has the subcommands.
    const documented = TABLE.rows.filter((row) => !row.container);
    const names = documented.map((row) => nameWords(row).join(' '));
    expect(names.filter((name) => !PAGE.includes(`\n| \`${name}\` |`))).toEqual([]);
  });

  test('every row has examples, or is refused', () => {
    const without = TABLE.rows.filter((row) => !isRefused(row) && stepsOf(row).length === 0);
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  test('examples are of rows of the table, and of one group each', () => {
    expect([...EXAMPLES.keys()].filter((name) => TABLE.find(name) === undefined)).toEqual([]);
    expect(REPEATED).toEqual([]);
  });

  test('every row with several keys in one slot has an example of keys in two', () => {
    const rows = TABLE.rows.filter(
      (row) =>
        KNOWN.has(row.name) &&
        !isRefused(row) &&
        mayHaveSeveralKeys(row) &&
        row.split.kind === 'none',
    );
    expect(rows.length).toBeGreaterThan(30);
    const without = rows.filter((row) => !stepsOf(row).some(crossesSlots));
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  test('rows that are not compared have a reason, and do not get more', () => {
    const reasons = new Map<string, string[]>();
    for (const { name, compare } of NOT_COMPARED) {
      const reason = compare.kind === 'none' ? compare.reason : '';
      expect(reason.length, name).toBeGreaterThan(10);
      reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
    }
    const later = TABLE.rows.filter((row) => !KNOWN.has(row.name));
    report = [
      `${TABLE.rows.length} rows; ${NOT_COMPARED.length} of class "none":`,
      ...[...reasons].map(([reason, names]) => `  ${names.length} ${reason}: ${names.join(' ')}`),
      `${later.length} rows of later servers, whose refusal by this one is compared: ` +
        later.map(({ name }) => name).join(' '),
      '',
    ].join('\n');
    expect(NOT_COMPARED.length).toBeLessThanOrEqual(NONE_AT_MOST);
  });
});
