import { type ConfigFile, type Path, type Tree, valueAt } from './config-file.js';
import type { GivenNode } from './deployment-schema.js';
import { type SettingKey, type SettingScope, type SettingValues, settingRows } from './settings.js';
import type { RawValue } from './sources.js';

/** An entry of `databases:`. */
export interface GivenDatabase {
  readonly name: string;
  readonly port: number;
  /** Only the settings that the entry has itself. */
  readonly values: Partial<SettingValues>;
}

/** What the schema has accepted, and where it came from; from here on the types are trusted. */
export class Accepted {
  /** Of the top level: by flag, environment, file or default. */
  readonly values: SettingValues;
  /** Empty in the form for one database, as is `databases`. */
  readonly nodes: readonly GivenNode[];
  readonly databases: readonly GivenDatabase[];
  readonly #file: ConfigFile;
  readonly #textValues: ReadonlyMap<SettingKey, RawValue>;

  constructor(data: Tree, file: ConfigFile, textValues: ReadonlyMap<SettingKey, RawValue>) {
    this.#file = file;
    this.#textValues = textValues;
    this.values = flatten(data) as SettingValues;
    this.nodes = (data.nodes ?? []) as readonly GivenNode[];
    this.databases = ((data.databases ?? []) as readonly Tree[]).map((entry) => ({
      name: entry.name as string,
      port: entry.port as number,
      values: flatten(entry, ['database']),
    }));
  }

  /** Where a setting of the top level was given; undefined where it is the default. */
  originOf(key: SettingKey): string | undefined {
    const path = key.split('.');
    const text = this.#textValues.get(key);
    if (text !== undefined) return text.origin;
    return this.#file.at(path) === undefined ? undefined : this.#file.where(path);
  }

  /** For messages: file and line. */
  where(path: Path): string {
    return this.#file.where(path);
  }
}

/** Nested and checked by the schema; what is not there is left out. */
function flatten(data: Tree, scopes?: readonly SettingScope[]): Partial<SettingValues> {
  const flat: Record<string, unknown> = {};
  for (const [key] of settingRows(scopes)) {
    const value = valueAt(data, key.split('.'));
    if (value !== undefined) flat[key] = value;
  }
  return flat as Partial<SettingValues>;
}
