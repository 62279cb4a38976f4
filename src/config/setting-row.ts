/** `live`: a reload (SIGHUP) applies it; `restart`: a reload names it as needing a restart. */
export type ReloadScope = 'live' | 'restart';

interface CommonRow {
  readonly flag: string;
  readonly env: string;
  /** One or two sentences for `--help` and the documentation. */
  readonly help: string;
  readonly reload: ReloadScope;
}

/** A list of texts; `EntryChecks` says whether an entry has the right form. */
export interface ListRow extends CommonRow {
  readonly kind: 'list';
  readonly entry:
    | 'seed'
    | 'mapping'
    | 'listen'
    | 'sender'
    | 'node'
    | 'module'
    | 'advertised'
    | 'serverZone'
    | 'denied'
    | 'renamed'
    | 'allowed';
  readonly placeholder: string;
  readonly default: readonly string[];
}
export interface IntegerRow extends CommonRow {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
  readonly default: number;
}
/** A size in bytes: an integer, or text with a unit as in redis.conf (`64mb`, `1gb`). */
export interface BytesRow extends CommonRow {
  readonly kind: 'bytes';
  readonly min: number;
  readonly max: number;
  readonly default: number;
}
export interface AutoBytesRow extends CommonRow {
  readonly kind: 'auto-bytes';
  readonly min: number;
  readonly max: number;
  readonly default: number | 'auto';
}
export interface AutoIntegerRow extends CommonRow {
  readonly kind: 'auto-integer';
  readonly min: number;
  readonly max: number;
  readonly default: number | 'auto';
}
export interface BooleanRow extends CommonRow {
  readonly kind: 'boolean';
  readonly default: boolean;
}
export interface ChoiceRow<V extends string = string> extends CommonRow {
  readonly kind: 'choice';
  readonly values: readonly V[];
  /** Accepted spellings of values. */
  readonly aliases: Readonly<Record<string, V>>;
  readonly default: V;
}
/** Text; without a default, absent means unset. */
export interface TextRow extends CommonRow {
  readonly kind: 'text';
  readonly format: 'any' | 'name' | 'node-id' | 'host-port' | 'octal-mode';
  readonly placeholder: string;
  readonly default: string | undefined;
}
export type SettingRow =
  | ListRow
  | IntegerRow
  | BytesRow
  | AutoBytesRow
  | AutoIntegerRow
  | BooleanRow
  | ChoiceRow
  | TextRow;
