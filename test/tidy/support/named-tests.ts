import { withoutCode } from './markdown.js';

export interface MarkdownTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a cell says about who shows it; `rest` is what names no test. */
export interface ShownBy {
  /** Names of native tests. */
  readonly native: readonly string[];
  readonly titles: readonly { readonly file: string; readonly title: string }[];
  readonly rest: string;
}

const SEPARATOR = /^\|(?:\s*:?-+:?\s*\|)+$/;

/** The tables of a page; cells are trimmed. */
export function tablesOf(text: string): readonly MarkdownTable[] {
  const lines = withoutCode(text).split('\n');
  return lines.flatMap((line, i) => {
    if (!SEPARATOR.test(lines[i + 1] ?? '')) return [];
    const end = lines.findIndex((other, j) => j > i && !other.startsWith('|'));
    const rows = lines.slice(i + 2, end === -1 ? undefined : end);
    return [{ header: cellsOf(line), rows: rows.map(cellsOf) }];
  });
}

function cellsOf(line: string): readonly string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim());
}

/** Native tests in backticks come first, then `file.test.ts: title`; a title may have commas. */
export function shownBy(cell: string): ShownBy {
  const native = [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
  const others = cell.replace(/`\w+`(?:[,;] )?/g, '');
  const named = [...others.matchAll(/([\w-]+\.test\.ts): (.+?)(?=[,;] [\w-]+\.test\.ts: |$)/g)];
  const titles = named.map(([, file = '', title = '']) => ({ file, title }));
  const rest = named.reduce((text, [whole]) => text.replace(whole, ''), others);
  return { native, titles, rest: rest.replace(/^[,; ]+$/, '') };
}
