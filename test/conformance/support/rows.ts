import { type CommandRow, type CommandTable, coreTable } from '../../../src/commands/index.js';
import type { CompareKind } from './compare.js';
import type { Example, Step } from './example.js';

/** The table as released, without what servers would add. */
export const TABLE: CommandTable = coreTable();

/** The row of a request: a subcommand's, its container's, or none. */
export function rowOfWords(words: readonly string[]): CommandRow | undefined {
  const name = words[0]?.toLowerCase() ?? '';
  const row = TABLE.find(name);
  return row?.container === true ? (TABLE.find(`${name}|${words[1]?.toLowerCase()}`) ?? row) : row;
}

/** The command as words, without arguments. */
export function nameWords({ name }: CommandRow): readonly string[] {
  return name.toUpperCase().split('|');
}

/** How far the replies to a step are compared: as the step says, or as the row of its command. */
export function compareKindOf(step: Step): CompareKind {
  if (step.compare !== undefined || step.kind === 'receive') {
    return step.compare ?? 'exact';
  }
  const compare = rowOfWords(step.words)?.compare ?? { kind: 'exact' };
  return compare.kind === 'none' ? 'same_outcome' : compare.kind;
}

export function isStepOf(step: Step, row: CommandRow): boolean {
  return step.kind === 'send' && rowOfWords(step.words)?.name === row.name;
}

/** Refused with words that no server has. */
export function isRefused({ route }: CommandRow): boolean {
  return route.kind === 'refuse';
}

/** Rows that a step of the example needs, and that are refused. */
export function refusedRowsOf(example: Example): readonly CommandRow[] {
  return example.flatMap((step) => {
    const row = step.kind === 'send' ? rowOfWords(step.words) : undefined;
    const blocks =
      row?.blocking.kind === 'token' &&
      step.kind === 'send' &&
      step.words.includes(row.blocking.token);
    const needed = blocks ? TABLE.find('blpop') : row;
    return needed !== undefined && isRefused(needed) ? [needed] : [];
  });
}
