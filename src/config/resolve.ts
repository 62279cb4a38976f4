import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Parsed, parseHostPort, parseListenAddress, type TcpAddress } from './addresses.js';
import { type ResolvedConfig, settledPlacement } from './effective-config.js';
import { type ConfigProblem, refusedValue, shown } from './messages.js';
import { nearestName } from './nearest.js';
import { policyProblems } from './policy.js';
import { configSchema, type EntryChecks } from './schema.js';
import { SETTINGS, type SettingKey, type SettingValues, settingRows } from './settings.js';
import { type ConfigSources, type RawValue, rawTextValues, rowOf } from './sources.js';
import { automaticThreads } from './threads.js';

export type Resolution =
  | { readonly kind: 'ok'; readonly config: ResolvedConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

type Tree = Record<string, unknown>;

/** Merges and checks: flag beats environment beats file beats default. Pure but for the CPU quota. */
export function resolveConfig(sources: ConfigSources, checks: EntryChecks): Resolution {
  const file = readYaml(sources.file);
  if (file.kind === 'bad')
    return invalid([{ key: sources.file?.name ?? '', message: file.problem }]);
  const textValues = rawTextValues(sources);
  const parsed = configSchema(checks).safeParse(merge(file.value, textValues));
  if (!parsed.success) {
    return invalid(schemaProblems(parsed.error, file.value, textValues, sources.file?.name));
  }
  const values = flatten(parsed.data);
  const problems = policyProblems(values);
  return problems.length > 0 ? invalid(problems) : { kind: 'ok', config: withParsed(values) };
}

function invalid(problems: readonly ConfigProblem[]): Resolution {
  return { kind: 'invalid', problems };
}

function readYaml(file: ConfigSources['file']): Parsed<Tree> {
  if (file === undefined) return { kind: 'ok', value: {} };
  const document = parseDocument(file.text, { prettyErrors: true });
  const error = document.errors[0];
  if (error !== undefined) return { kind: 'bad', problem: `is not YAML: ${error.message}` };
  // Aliases are expanded at most so often: a small file must not become a big configuration.
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value === null || value === undefined) return { kind: 'ok', value: {} };
  return isTree(value)
    ? { kind: 'ok', value }
    : { kind: 'bad', problem: `must hold settings (key: value), not ${shown(value)}` };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(file: Tree, textValues: ReadonlyMap<SettingKey, RawValue>): Tree {
  const merged: Tree = { ...file };
  for (const [key, raw] of textValues) {
    const [first, second] = key.split('.') as [string, string | undefined];
    if (second === undefined) {
      merged[first] = raw.value;
    } else {
      const group = merged[first];
      merged[first] = { ...(isTree(group) ? group : {}), [second]: raw.value };
    }
  }
  return merged;
}

function schemaProblems(
  error: z.ZodError,
  file: Tree,
  textValues: ReadonlyMap<SettingKey, RawValue>,
  fileName = 'the configuration',
): readonly ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key].join('.'), fileName));
    }
    const key = settingAt(issue.path);
    const given = key && textValues.get(key);
    const value = given?.value ?? valueAt(file, issue.path);
    if (key === undefined) {
      const path = issue.path.join('.');
      return [
        { key: path, message: `${shown(value)} (from ${fileName}) must be a group of settings` },
      ];
    }
    const entry = issue.path[key.split('.').length];
    const shownValue = Array.isArray(value) && typeof entry === 'number' ? value[entry] : value;
    const reason =
      issue.code === 'custom' && issue.message !== 'Invalid input' ? issue.message : undefined;
    return [
      { key, message: refusedValue(rowOf(key), shownValue, given?.origin ?? fileName, reason) },
    ];
  });
}

function unknownKey(key: string, fileName: string): ConfigProblem {
  const nearest = nearestName(key, Object.keys(SETTINGS));
  const hint =
    nearest === undefined ? 'docs/configuration.md lists all' : `did you mean ${nearest}?`;
  return { key, message: `is no setting (in ${fileName}); ${hint}` };
}

/** The setting whose value a path of the schema points at or into. */
function settingAt(path: readonly PropertyKey[]): SettingKey | undefined {
  const names = [path.slice(0, 2).join('.'), String(path[0])];
  return settingRows().find(([key]) => names.includes(key))?.[0];
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const name of path) {
    if (Array.isArray(value)) return value;
    if (!isTree(value)) return value;
    value = value[String(name)];
  }
  return value;
}

/** Nested and checked by the schema; from here on the type is trusted. */
function flatten(data: Tree): SettingValues {
  const flat: Tree = {};
  for (const [key] of settingRows()) flat[key] = valueAt(data, key.split('.'));
  return flat as SettingValues;
}

function withParsed(values: SettingValues): ResolvedConfig {
  return {
    ...values,
    listen: values.listen.map((text) => parsedValue(parseListenAddress(text))),
    unixSocketMode:
      values.unixSocketMode === undefined ? undefined : Number.parseInt(values.unixSocketMode, 8),
    threads: values.threads === 'auto' ? automaticThreads() : values.threads,
    admin: optionalAddress(values.admin),
    metrics: optionalAddress(values.metrics),
    shardsPlacement: settledPlacement(values),
    values,
  };
}

function optionalAddress(text: string | undefined): TcpAddress | undefined {
  return text === undefined ? undefined : parsedValue(parseHostPort(text));
}

/** The value of text that the schema has already accepted. */
function parsedValue<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'bad') throw new Error(`accepted by the schema, but: ${parsed.problem}`);
  return parsed.value;
}
