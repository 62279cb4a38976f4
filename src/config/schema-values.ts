import { z } from 'zod';
import { type Parsed, parseHostPort, parseListenAddress } from './addresses.js';
import { parseByteSize } from './byte-size.js';
import type { ConfigChecks, ListCheck, TextCheck } from './checks.js';
import { nameProblem, nodeIdProblem } from './names.js';
import type { ListRow, SettingRow, TextRow } from './setting-row.js';

/** Among senders of the PROXY protocol. */
const ANY_UNIX_SOCKET = 'unix';

/** What a setting may be, without its default. */
export function valueSchema(row: SettingRow, checks: ConfigChecks): z.ZodType {
  switch (row.kind) {
    case 'list':
      return listSchema(row.entry, checks);
    case 'integer':
      return integerBetween(row);
    case 'auto-integer':
      return z.union([integerBetween(row), z.literal('auto')]);
    case 'bytes':
      return bytesBetween(row);
    case 'auto-bytes':
      return z.union([bytesBetween(row), z.literal('auto')]);
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

/** @param allowed What to say of a value that is no text at all. */
export function checkedText(check: TextCheck, allowed?: string): z.ZodType {
  return z.string({ error: allowed }).superRefine((text, context) => {
    const message = check(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** A parser as a check. */
export function problemOf(parse: (text: string) => Parsed<unknown>): TextCheck {
  return (text) => {
    const parsed = parse(text);
    return parsed.kind === 'bad' ? parsed.problem : undefined;
  };
}

export function integerBetween(
  range: { readonly min: number; readonly max: number },
  allowed?: string,
): z.ZodType {
  const error = allowed;
  return z.number({ error }).int({ error }).min(range.min, { error }).max(range.max, { error });
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
    case 'node-id':
      return checkedText(nodeIdProblem);
    case 'host-port':
      return checkedText(problemOf(parseHostPort));
    case 'octal-mode':
      // Text only: YAML reads 0770 as a decimal and 0o770 as an octal number.
      return z.string().regex(/^0?[0-7]{3}$/);
  }
}

function listSchema(entry: ListRow['entry'], checks: ConfigChecks): z.ZodType {
  switch (entry) {
    case 'listen':
      return z.array(checkedText((text) => listenProblem(text, checks)));
    case 'sender':
      return z.array(checkedText((text) => senderProblem(text, checks)));
    case 'node':
      return z.array(checkedText(nodeIdProblem));
    case 'module':
      return z.array(z.string().regex(/^[\w.-]{1,128}$/));
    case 'mapping':
    case 'advertised':
    case 'renamed':
    case 'serverZone':
      return checkedList(checks[entry]);
    default:
      return z.array(checkedText(checks[entry]));
  }
}

function listenProblem(text: string, checks: ConfigChecks): string | undefined {
  const parsed = parseListenAddress(text);
  if (parsed.kind === 'bad') return parsed.problem;
  const problems = (parsed.value.proxyProtocol ?? []).map((sender) =>
    senderProblem(sender, checks),
  );
  return problems.find((problem) => problem !== undefined);
}

function senderProblem(text: string, checks: ConfigChecks): string | undefined {
  const problem = text === ANY_UNIX_SOCKET ? undefined : checks.subnet(text);
  return problem && `${problem}, or unix for senders that connect through a unix socket`;
}

/** Entries that may contradict each other. */
function checkedList(check: ListCheck): z.ZodType {
  return z
    .array(checkedText((text) => check([text])))
    .superRefine((list: readonly unknown[], context) => {
      const entries = list.map(String);
      // One that is wrong by itself has been named already.
      if (entries.some((entry) => check([entry]) !== undefined)) return;
      const message = check(entries);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
}
