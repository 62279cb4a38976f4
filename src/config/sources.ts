import type { DeploymentForm } from './deployment.js';
import { nearestName } from './nearest.js';
import type { SettingRow } from './setting-row.js';
import { SETTINGS, type SettingKey, settingRows } from './settings.js';

/** Variables that are not settings of the table; none of them is a value to be checked. */
export const PASSWORD_VARIABLE = 'SLOTGATE_UPSTREAM_PASSWORD';
export const CONFIG_FILE_VARIABLE = 'SLOTGATE_CONFIG';

/** Values of flags as typed, by setting; a repeatable flag gives an array. */
export type FlagValues = Readonly<Partial<Record<SettingKey, string | readonly string[]>>>;

/** Everything a configuration is made from. Plain data: it travels to the thread that checks it. */
export interface ConfigSources {
  readonly flags: FlagValues;
  /** Only variables of the settings table; never a password. */
  readonly env: Readonly<Record<string, string>>;
  readonly file: { readonly name: string; readonly text: string } | undefined;
  /** What the command can run; undefined: either. */
  readonly form: DeploymentForm | undefined;
}

/** A value before it was checked, and where it came from in the user's words. */
export interface RawValue {
  readonly value: unknown;
  readonly origin: string;
}

/** The settings' variables out of a process environment. An empty variable counts as unset. */
export function settingVariables(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [, row] of settingRows()) {
    const text = env[row.env];
    if (text !== undefined && text !== '') found[row.env] = text;
  }
  return found;
}

/**
 * Warnings for variables that look like a misspelt setting. Others are no error: Kubernetes sets
 * `SLOTGATE_SERVICE_HOST` and the like for a service named slotgate.
 */
export function misspeltVariables(env: NodeJS.ProcessEnv): readonly string[] {
  const known = new Set(settingRows().map(([, row]) => row.env as string));
  known.add(PASSWORD_VARIABLE).add(CONFIG_FILE_VARIABLE);
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (!name.startsWith('SLOTGATE_') || known.has(name)) continue;
    const nearest = nearestName(name, known);
    if (nearest !== undefined) warnings.push(`${name} is ignored: did you mean ${nearest}?`);
  }
  return warnings;
}

/** Raw values of flags and environment: a flag beats a variable. */
export function rawTextValues(sources: ConfigSources): ReadonlyMap<SettingKey, RawValue> {
  const values = new Map<SettingKey, RawValue>();
  for (const [key, row] of settingRows()) {
    const flag = sources.flags[key];
    const variable = sources.env[row.env];
    if (flag !== undefined) {
      values.set(key, { value: fromText(row, flag), origin: `--${row.flag}` });
    } else if (variable !== undefined) {
      const parts = row.kind === 'list' ? splitList(variable) : variable;
      values.set(key, { value: fromText(row, parts), origin: row.env });
    }
  }
  return values;
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The typed value that text stands for; text that stands for none is left for the schema to refuse. */
function fromText(row: SettingRow, text: string | readonly string[]): unknown {
  if (typeof text !== 'string') return text;
  switch (row.kind) {
    case 'integer':
    case 'auto-integer':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'boolean':
      if (text === 'true' || text === 'yes') return true;
      return text === 'false' || text === 'no' ? false : text;
    default:
      return text;
  }
}

/** The row of a key as its common type. */
export function rowOf(key: SettingKey): SettingRow {
  return SETTINGS[key];
}
