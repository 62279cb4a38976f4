import { inspect } from 'node:util';
import { NAME_RULE, NODE_ID_RULE } from './names.js';
import type { AutoBytesRow, BytesRow, SettingRow, TextRow } from './setting-row.js';

/** Something wrong with the configuration, in words for its user. */
export interface ConfigProblem {
  /** Setting, or where in the file. */
  readonly key: string;
  /** What was given, where, and what is allowed. */
  readonly message: string;
  /** The REST reference's, where that has one for it. */
  readonly code?: string;
}

/** Problem text for a value that its row does not allow. `reason` replaces the list of what is. */
export function refusedValue(
  row: SettingRow,
  given: unknown,
  origin: string,
  reason: string | undefined,
): string {
  return `${shown(given)} (from ${origin}) is not allowed; ${reason ?? `allowed is ${allowed(row)}`}`;
}

/** What a row accepts, as the documentation says it, too. */
export function allowed(row: SettingRow): string {
  switch (row.kind) {
    case 'list':
      return 'a list of texts';
    case 'integer':
      return `an integer from ${row.min} to ${row.max}`;
    case 'auto-integer':
      return `auto or an integer from ${row.min} to ${row.max}`;
    case 'bytes':
      return allowedSize(row);
    case 'auto-bytes':
      return `auto or ${allowedSize(row)}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return [...row.values, ...Object.keys(row.aliases)].join(', ');
    case 'text':
      return allowedText(row);
  }
}

function allowedSize({ min, max }: BytesRow | AutoBytesRow): string {
  return `a size from ${min} to ${max} bytes (units as in redis.conf: 64mb, 1gb)`;
}

function allowedText({ format }: TextRow): string {
  switch (format) {
    case 'octal-mode':
      return 'three octal digits in quotes, for example "770"';
    case 'name':
      return NAME_RULE;
    case 'node-id':
      return NODE_ID_RULE;
    default:
      return 'a text that is not empty';
  }
}

/** A given value on one line, short, and without the password that a URL may carry. */
export function shown(given: unknown): string {
  const text = typeof given === 'string' ? JSON.stringify(given) : inspect(given, { depth: 1 });
  // Whatever stands before an @ may be USER:PASSWORD, in a URL or in a seed without a scheme.
  const masked = text.replaceAll(/[^\s"'/]+@/g, '***@').replaceAll(/\s+/g, ' ');
  return masked.length > 120 ? `${masked.slice(0, 117)}...` : masked;
}
