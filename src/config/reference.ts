import { allowed } from './messages.js';
import { DATABASE_FIELDS, type FieldDescription, NODE_FIELDS } from './nodes.js';
import type { SettingRow } from './setting-row.js';
import { type SettingScope, settingRows } from './settings.js';

/** The tables of docs/configuration.md between the markers, in Markdown. */
export function settingsReference(): string {
  return [
    '### Each database',
    settingsTable(['database']),
    '### The only database of `slotgate proxy`',
    settingsTable(['single']),
    '### The process',
    settingsTable(['process', 'node']),
    '### An entry of `nodes:`',
    fieldsTable(NODE_FIELDS),
    '### An entry of `databases:`',
    'Besides the settings of each database:',
    fieldsTable(DATABASE_FIELDS),
  ].join('\n\n');
}

function settingsTable(scopes: readonly SettingScope[]): string {
  return table(
    ['setting', 'flag', 'environment', 'allowed', 'default', 'reload', 'meaning'],
    settingRows(scopes).map(([key, row]) => [
      code(key),
      code(`--${row.flag}`),
      code(row.env),
      allowedCell(row),
      defaultCell(row),
      row.reload,
      row.help,
    ]),
  );
}

function fieldsTable(fields: Readonly<Record<string, FieldDescription>>): string {
  return table(
    ['field', 'allowed', 'meaning'],
    Object.entries(fields).map(([name, field]) => [
      code(name),
      field.isRequired ? `${field.allowed}; required` : field.allowed,
      field.help,
    ]),
  );
}

function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(names), `|${'---|'.repeat(names.length)}`, ...rows.map(line)].join('\n');
}

function allowedCell(row: SettingRow): string {
  if (row.kind === 'list') return `list of ${row.placeholder}`;
  return row.kind === 'text' && row.format !== 'octal-mode' ? row.placeholder : allowed(row);
}

function defaultCell(row: SettingRow): string {
  if (row.default === undefined) return 'unset';
  return Array.isArray(row.default)
    ? code(row.default.length === 0 ? '[]' : row.default.join(', '))
    : code(String(row.default));
}

function code(text: string): string {
  return `\`${text}\``;
}
