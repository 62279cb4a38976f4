import { errorReply } from '../../../resp/index.js';
import type { ControlOutcome } from '../types.js';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** An integer of 64 bits as servers read it: decimal, no blanks, no leading zeros; else null. */
export function int64Of(arg: Buffer | undefined): bigint | null {
  const text = arg?.toString('latin1') ?? '';
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) {
    return null;
  }
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : null;
}

/** A word of a command's grammar, in upper case. */
export function wordOf(arg: Buffer | undefined): string {
  return arg?.toString('latin1').toUpperCase() ?? '';
}

/** @param text Without the code `ERR`. */
export function refuse(text: string): ControlOutcome {
  return { kind: 'reply', bytes: errorReply(`ERR ${text}`) };
}

export const SYNTAX_ERROR = 'syntax error';

/** What a server says to a subcommand whose number of arguments its arity cannot tell. */
export function wrongSubcommandArity(args: readonly Buffer[]): ControlOutcome {
  const container = wordOf(args[0]);
  return refuse(
    `unknown subcommand or wrong number of arguments for '${String(args[1])}'. ` +
      `Try ${container} HELP.`,
  );
}
