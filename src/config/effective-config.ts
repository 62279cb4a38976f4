import type { ListenAddress, TcpAddress } from './addresses.js';
import { type SettingKey, type SettingScope, type SettingValues, settingRows } from './settings.js';
import type { UpstreamCredentials } from './upstream-credentials.js';

/** Settings whose checked text is replaced by something parsed. */
type ParsedKeys =
  | 'listen'
  | 'threads'
  | 'maxMemoryBytes'
  | 'admin'
  | 'metrics'
  | 'unixSocketMode'
  | 'shardsPlacement';

/** A complete, checked configuration as plain data. */
export interface ResolvedConfig extends Omit<SettingValues, ParsedKeys> {
  /** At least one. */
  readonly listen: readonly ListenAddress[];
  /** Permission bits, or undefined: as the umask has it. */
  readonly unixSocketMode: number | undefined;
  /** Worker threads; `auto` is settled. */
  readonly threads: number;
  /** `auto` is settled; 0: no limit. */
  readonly maxMemoryBytes: number;
  readonly admin: TcpAddress | undefined;
  readonly metrics: TcpAddress | undefined;
  /** `auto` is settled. */
  readonly shardsPlacement: 'dense' | 'sparse';
  /** The values as text and numbers again, for `slotgate check` and for comparing two configurations. */
  readonly values: SettingValues;
}

/** What the proxy runs with. */
export interface EffectiveConfig extends ResolvedConfig {
  readonly upstreamCredentials: UpstreamCredentials;
}

/** What `shardsPlacement` comes to in a mode: cluster-aware clients profit from shards on all nodes. */
export function settledPlacement({
  mode,
  shardsPlacement,
}: Pick<SettingValues, 'mode' | 'shardsPlacement'>): 'dense' | 'sparse' {
  if (shardsPlacement !== 'auto') return shardsPlacement;
  return mode === 'cluster' ? 'sparse' : 'dense';
}

/** Keys whose values differ, by what it takes to apply them. */
export function changedSettings(
  before: ResolvedConfig,
  after: ResolvedConfig,
  scopes?: readonly SettingScope[],
): { readonly live: readonly SettingKey[]; readonly restart: readonly SettingKey[] } {
  const changed = settingRows(scopes).filter(
    ([key]) => JSON.stringify(before.values[key]) !== JSON.stringify(after.values[key]),
  );
  return {
    live: changed.filter(([, row]) => row.reload === 'live').map(([key]) => key),
    restart: changed.filter(([, row]) => row.reload === 'restart').map(([key]) => key),
  };
}
