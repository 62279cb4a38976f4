import { allowed } from './messages.js';
import type { SettingRow } from './setting-row.js';
import { settingRows } from './settings.js';

/** The table of docs/configuration.md, in Markdown. */
export function settingsReference(): string {
  const header = [
    '| setting | flag | environment | allowed | default | reload | meaning |',
    '|---|---|---|---|---|---|---|',
  ];
  const rows = settingRows().map(([key, row]) => {
    const cells = [
      code(key),
      code(`--${row.flag}`),
      code(row.env),
      allowedCell(row),
      defaultCell(row),
      row.reload,
      row.help,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [...header, ...rows].join('\n');
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
