/** A median with the smallest and the largest of what it is the median of. */
interface SpreadFigures {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadCell(spread: SpreadFigures | undefined): string {
  if (spread === undefined) return '–';
  return `${spread.median.toFixed(2)} (${spread.min.toFixed(2)} – ${spread.max.toFixed(2)})`;
}

/** A table in Markdown. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
