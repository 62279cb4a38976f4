import { type Parsed, parseHostPort, parseListenAddress, type TcpAddress } from './addresses.js';
import type { ProcessConfig } from './deployment.js';
import { type ResolvedConfig, settledPlacement } from './effective-config.js';
import { automaticMemoryBytes } from './memory.js';
import { type SettingValues, settingRows } from './settings.js';
import { automaticThreads } from './threads.js';

/** The form in which the proxy takes values that were checked. */
export function resolvedConfig(values: SettingValues): ResolvedConfig {
  return {
    ...values,
    listen: values.listen.map((text) => parsedValue(parseListenAddress(text))),
    unixSocketMode:
      values.unixSocketMode === undefined ? undefined : Number.parseInt(values.unixSocketMode, 8),
    threads: values.threads === 'auto' ? automaticThreads() : values.threads,
    maxMemoryBytes:
      values.maxMemoryBytes === 'auto' ? automaticMemoryBytes() : values.maxMemoryBytes,
    admin: optionalAddress(values.admin),
    metrics: optionalAddress(values.metrics),
    shardsPlacement: settledPlacement(values),
    values,
  };
}

/** What of a configuration belongs to the process. */
export function processConfig(config: ResolvedConfig): ProcessConfig {
  const entries = settingRows(['process']).map(([key]) => [key, config[key]]);
  return Object.fromEntries(entries) as ProcessConfig;
}

export function optionalAddress(text: string | undefined): TcpAddress | undefined {
  return text === undefined ? undefined : parsedValue(parseHostPort(text));
}

/** The value of text that the schema has already accepted. */
function parsedValue<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'bad') throw new Error(`accepted by the schema, but: ${parsed.problem}`);
  return parsed.value;
}
