import { z } from 'zod';
import { type Parsed, parseHostPort, parseListenAddress } from './addresses.js';
import { parseByteSize } from './byte-size.js';
import { nameProblem, nodeIdProblem } from './names.js';
import type { ListRow, SettingRow, TextRow } from './setting-row.js';
import { settingRows } from './settings.js';

/**
 * Checks of texts whose form belongs to a higher layer (seeds, what stands for servers, names of
 * commands): what is wrong with the text, or undefined. Given from there, because the configuration
 * imports nothing.
 */
export interface EntryChecks {
  seed(text: string): string | undefined;
  mapping(text: string): string | undefined;
  advertised(text: string): string | undefined;
  serverZone(text: string): string | undefined;
  denied(text: string): string | undefined;
  allowed(text: string): string | undefined;
}

/** For what only the higher layers can tell. */
export const NO_CHECKS: EntryChecks = {
  seed: () => undefined,
  mapping: () => undefined,
  advertised: () => undefined,
  serverZone: () => undefined,
  denied: () => undefined,
  allowed: () => undefined,
};

/** Strict schema of a configuration file: nested by the dots in the settings' keys. */
export function configSchema(checks: EntryChecks): z.ZodObject {
  const fields: Record<string, z.ZodType> = {};
  const groups = new Map<string, Record<string, z.ZodType>>();
  for (const [key, row] of settingRows()) {
    const [first, second] = key.split('.') as [string, string | undefined];
    if (second === undefined) {
      fields[first] = fieldSchema(row, checks);
    } else {
      const group = groups.get(first) ?? {};
      group[second] = fieldSchema(row, checks);
      groups.set(first, group);
    }
  }
  for (const [name, group] of groups) fields[name] = z.strictObject(group).prefault({});
  return z.strictObject(fields);
}

/** What `docs/config.schema.json` holds, for editors. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'Slotgate configuration',
    ...z.toJSONSchema(configSchema(NO_CHECKS), {
      io: 'input',
    }),
  };
}

function fieldSchema(row: SettingRow, checks: EntryChecks): z.ZodType {
  const described = valueSchema(row, checks).describe(row.help);
  return row.default === undefined ? described.optional() : described.prefault(row.default);
}

function valueSchema(row: SettingRow, checks: EntryChecks): z.ZodType {
  switch (row.kind) {
    case 'list':
      return z.array(checkedText(entryCheck(row.entry, checks)));
    case 'integer':
      return integerBetween(row);
    case 'auto-integer':
      return z.union([integerBetween(row), z.literal('auto')]);
    case 'bytes':
      return bytesBetween(row);
    case 'boolean':
      return z.boolean();
    case 'choice':
      return z
        .enum([...row.values, ...Object.keys(row.aliases)])
        .transform((name) => row.aliases[name] ?? name);
    case 'text':
      return textSchema(row);
  }
}

function integerBetween(range: { readonly min: number; readonly max: number }): z.ZodType {
  return z.number().int().min(range.min).max(range.max);
}

/** The text form is open in the JSON schema (a pattern), and its range is checked after conversion. */
function bytesBetween(range: { readonly min: number; readonly max: number }): z.ZodType {
  const text = z
    .string()
    .regex(/^\d{1,15}\s*([kKmMgG]([iI]?[bB])?|[bB])?$/)
    .transform((given) => parseByteSize(given) ?? Number.NaN)
    .refine((bytes) => bytes >= range.min && bytes <= range.max);
  return z.union([integerBetween(range), text]);
}

function textSchema(row: TextRow): z.ZodType {
  switch (row.format) {
    case 'any':
      return z.string().min(1);
    case 'name':
      return checkedText(nameProblem);
    case 'host-port':
      return checkedText(problemOf(parseHostPort));
    case 'octal-mode':
      // Text only: YAML reads 0770 as a decimal and 0o770 as an octal number.
      return z.string().regex(/^0?[0-7]{3}$/);
  }
}

type Check = (text: string) => string | undefined;

function entryCheck(entry: ListRow['entry'], checks: EntryChecks): Check {
  if (entry === 'listen') return problemOf(parseListenAddress);
  return entry === 'node' ? nodeIdProblem : checks[entry];
}

function problemOf(parse: (text: string) => Parsed<unknown>): Check {
  return (text) => {
    const parsed = parse(text);
    return parsed.kind === 'bad' ? parsed.problem : undefined;
  };
}

function checkedText(check: Check): z.ZodType {
  return z.string().superRefine((text, context) => {
    const message = check(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}
