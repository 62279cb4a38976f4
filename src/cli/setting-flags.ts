import { type Command, Option } from 'commander';
import type { SettingRow } from '../config/setting-row.js';
import { type SettingKey, settingRows } from '../config/settings.js';
import type { FlagValues } from '../config/sources.js';

const LIMITS_HEADING = 'Limits:';
const SETTINGS_HEADING = 'Settings:';

/** Adds the flags of the given settings, or of all. */
export function addSettingFlags(command: Command, keys?: readonly SettingKey[]): void {
  for (const [key, row] of settingRows()) {
    if (keys !== undefined && !keys.includes(key)) continue;
    const option = new Option(`--${row.flag} <${placeholder(row)}>`, helpText(row));
    option.helpGroup(key.startsWith('max') ? LIMITS_HEADING : SETTINGS_HEADING);
    if (row.kind === 'list') {
      option.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    }
    command.addOption(option);
  }
}

/** What was typed, by setting. Values are checked later, together with all other sources. */
export function settingFlagValues(options: Readonly<Record<string, unknown>>): FlagValues {
  const flags: Partial<Record<SettingKey, string | readonly string[]>> = {};
  for (const [key, row] of settingRows()) {
    const value = options[new Option(`--${row.flag} <value>`).attributeName()];
    if (typeof value === 'string') flags[key] = value;
    if (Array.isArray(value)) flags[key] = value.map(String);
  }
  return flags;
}

function helpText(row: SettingRow): string {
  const facts = [
    ...(row.kind === 'list' ? ['repeatable'] : []),
    ...(row.default === undefined || row.default.toString() === ''
      ? []
      : [`default ${row.default}`]),
    row.env,
  ];
  return `${row.help} (${facts.join(', ')})`;
}

function placeholder(row: SettingRow): string {
  switch (row.kind) {
    case 'list':
    case 'text':
      return row.placeholder;
    case 'integer':
      return 'N';
    case 'auto-integer':
      return 'N|auto';
    case 'bytes':
      return 'SIZE';
    case 'auto-bytes':
      return 'SIZE|auto';
    case 'boolean':
      return 'true|false';
    case 'choice':
      return row.values.join('|');
  }
}
