import type {
  AutoBytesRow,
  AutoIntegerRow,
  BooleanRow,
  BytesRow,
  IntegerRow,
  ListRow,
  SettingRow,
} from './setting-row.js';
import { LIMIT_SETTINGS } from './settings/limits.js';
import { NODE_SETTINGS } from './settings/node.js';
import { PLACEMENT_SETTINGS } from './settings/placement.js';
import { PROCESS_SETTINGS } from './settings/process.js';
import { RATE_SETTINGS } from './settings/rates.js';
import { READ_SETTINGS } from './settings/reads.js';
import { SINGLE_DATABASE_SETTINGS } from './settings/single-database.js';
import { UPSTREAM_SETTINGS } from './settings/upstream.js';

/** What each database has for itself. */
const DATABASE_SETTINGS = {
  ...UPSTREAM_SETTINGS,
  ...PLACEMENT_SETTINGS,
  ...READ_SETTINGS,
  ...LIMIT_SETTINGS,
  ...RATE_SETTINGS,
} as const;

/**
 * The settings table: one row per setting. Flags, environment variables, the JSON schema and
 * docs/configuration.md are all derived from it, so a name or a range is never typed twice.
 * Nothing here imports the validator, so that the command line can list its flags cheaply.
 */
export const SETTINGS = {
  ...SINGLE_DATABASE_SETTINGS,
  ...DATABASE_SETTINGS,
  ...NODE_SETTINGS,
  ...PROCESS_SETTINGS,
} as const;

const SCOPES = {
  single: SINGLE_DATABASE_SETTINGS,
  database: DATABASE_SETTINGS,
  node: NODE_SETTINGS,
  process: PROCESS_SETTINGS,
} as const;

/**
 * What a setting belongs to: `single` to the only database of a proxy (else `nodes:` and `databases:`
 * say it), `database` to each database, `node` to the choice among `nodes:`, `process` to the process.
 */
export type SettingScope = keyof typeof SCOPES;

export type SettingKey = keyof typeof SETTINGS;
export type SingleKey = keyof typeof SINGLE_DATABASE_SETTINGS;
export type ProcessKey = keyof typeof PROCESS_SETTINGS;

type ValueOf<R extends SettingRow> = R extends ListRow
  ? readonly string[]
  : R extends IntegerRow | BytesRow
    ? number
    : R extends AutoIntegerRow | AutoBytesRow
      ? number | 'auto'
      : R extends BooleanRow
        ? boolean
        : R extends { readonly kind: 'choice'; readonly values: readonly (infer V)[] }
          ? V
          : R extends { readonly default: string }
            ? string
            : string | undefined;

/** Checked values of all settings, defaults filled in. */
export type SettingValues = {
  readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]>;
};

export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(SETTINGS, name);
}

/** The rows of some scopes, or all, in documentation order, with their keys. */
export function settingRows(
  scopes: readonly SettingScope[] = ['single', 'database', 'node', 'process'],
): readonly (readonly [SettingKey, SettingRow])[] {
  return scopes.flatMap((scope) => Object.entries(SCOPES[scope]) as [SettingKey, SettingRow][]);
}
