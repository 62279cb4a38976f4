import type {
  AutoIntegerRow,
  BooleanRow,
  BytesRow,
  IntegerRow,
  ListRow,
  SettingRow,
} from './setting-row.js';
import { LIMIT_SETTINGS } from './settings/limits.js';
import { PLACEMENT_SETTINGS } from './settings/placement.js';
import { PROCESS_SETTINGS } from './settings/process.js';
import { READ_SETTINGS } from './settings/reads.js';
import { SINGLE_DATABASE_SETTINGS } from './settings/single-database.js';
import { UPSTREAM_SETTINGS } from './settings/upstream.js';

/** What each database has for itself. */
const DATABASE_SETTINGS = {
  ...UPSTREAM_SETTINGS,
  ...PLACEMENT_SETTINGS,
  ...READ_SETTINGS,
  ...LIMIT_SETTINGS,
} as const;

/**
 * The settings table: one row per setting. Flags, environment variables, the JSON schema and
 * docs/configuration.md are all derived from it, so a name or a range is never typed twice.
 * Nothing here imports the validator, so that the command line can list its flags cheaply.
 */
export const SETTINGS = {
  ...SINGLE_DATABASE_SETTINGS,
  ...DATABASE_SETTINGS,
  ...PROCESS_SETTINGS,
} as const;

export type SettingKey = keyof typeof SETTINGS;

type ValueOf<R extends SettingRow> = R extends ListRow
  ? readonly string[]
  : R extends IntegerRow | BytesRow
    ? number
    : R extends AutoIntegerRow
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

/** All rows in documentation order, with their keys. */
export function settingRows(): readonly (readonly [SettingKey, SettingRow])[] {
  return Object.entries(SETTINGS) as [SettingKey, SettingRow][];
}
