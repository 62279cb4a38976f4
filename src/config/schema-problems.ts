import type { z } from 'zod';
import { type ConfigFile, formatPath, type Path, valueAt } from './config-file.js';
import { type ConfigProblem, refusedValue, shown } from './messages.js';
import { nearestName } from './nearest.js';
import { DATABASE_FIELDS, NODE_FIELDS, OF_NODES_INSTEAD } from './nodes.js';
import { isSettingKey, SETTINGS, type SettingKey, settingRows } from './settings.js';
import { type RawValue, rowOf } from './sources.js';

type TextValues = ReadonlyMap<SettingKey, RawValue>;

/** What the schema refused, in words for the user: the path, what was given, where, what is allowed. */
export function schemaProblems(
  error: z.ZodError,
  file: ConfigFile,
  textValues: TextValues,
): readonly ConfigProblem[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey(issue.path, key, file))
      : [refusal(issue, file, textValues)],
  );
}

type Issue = z.ZodError['issues'][number];

function refusal(issue: Issue, file: ConfigFile, textValues: TextValues): ConfigProblem {
  const { base, rest } = splitPath(issue.path);
  const key = settingAt(rest);
  if (key === undefined) return structureRefusal(issue, file);
  const given = base.length === 0 ? textValues.get(key) : undefined;
  const ofSetting: Path = [...base, ...key.split('.')];
  const value = valueAt(given?.value ?? file.at(ofSetting), issue.path.slice(ofSetting.length));
  const reason =
    issue.code === 'custom' && issue.message !== 'Invalid input' ? issue.message : undefined;
  const origin = given?.origin ?? file.where(issue.path);
  return { key: formatPath(ofSetting), message: refusedValue(rowOf(key), value, origin, reason) };
}

/** Of a group of settings, or of `nodes:` and `databases:`, whose schema has its own words. */
function structureRefusal(issue: Issue, file: ConfigFile): ConfigProblem {
  const key = formatPath(issue.path);
  const where = file.where(issue.path);
  const value = file.at(issue.path);
  const { rest } = splitPath(issue.path);
  if (rest.length === 1 && GROUPS.has(String(rest[0]))) {
    return { key, message: `${shown(value)} (from ${where}) must be a group of settings` };
  }
  return value === undefined
    ? { key, message: `is missing (in ${where}); ${issue.message}` }
    : { key, message: `${shown(value)} (from ${where}) is not allowed; ${issue.message}` };
}

const GROUPS: ReadonlySet<string> = new Set(
  settingRows().flatMap(([key]) => (key.includes('.') ? key.split('.').slice(0, 1) : [])),
);

function unknownKey(path: Path, name: string, file: ConfigFile): ConfigProblem {
  const key = formatPath([...path, name]);
  const where = file.where([...path, name]);
  if (path[0] === 'databases' && isSettingKey(name)) {
    const instead = OF_NODES_INSTEAD[name] ?? 'it goes to the top level of the file';
    return { key, message: `is no setting of a database (in ${where}); ${instead}` };
  }
  const group = path[0] === 'nodes' ? '' : formatPath(splitPath(path).rest);
  const nearest = nearestName(group === '' ? name : `${group}.${name}`, knownNames(path));
  const hint =
    nearest === undefined ? 'docs/configuration.md lists all' : `did you mean ${nearest}?`;
  return { key, message: `is no setting (in ${where}); ${hint}` };
}

/** What an unknown name at that place may have been meant to be. */
function knownNames(path: Path): readonly string[] {
  if (path[0] === 'nodes')
    return path.length > 2 ? ['clients', 'address'] : Object.keys(NODE_FIELDS);
  return path[0] === 'databases'
    ? [...Object.keys(DATABASE_FIELDS), ...settingRows(['database']).map(([key]) => key)]
    : [...Object.keys(SETTINGS), 'nodes', 'databases'];
}

/** Where a database begins to speak of settings, and the rest of a path. */
function splitPath(path: Path): { readonly base: Path; readonly rest: Path } {
  const isOfDatabase = path[0] === 'databases' && typeof path[1] === 'number';
  const length = isOfDatabase ? 2 : 0;
  return { base: path.slice(0, length), rest: path.slice(length) };
}

/** The setting whose value a path of the schema points at or into. */
function settingAt(path: Path): SettingKey | undefined {
  const names = [path.slice(0, 2).map(String).join('.'), String(path[0])];
  return settingRows().find(([key]) => names.includes(key))?.[0];
}
