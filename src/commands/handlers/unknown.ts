import type { ControlRequest } from '../../native/types.js';
import { addServerCommands } from '../merge.js';
import { unknownCommandError, unknownSubcommandError } from './error-texts.js';
import type { ControlContext, ControlOutcome } from './types.js';

/** Longer names, and others than these, are no command's: the servers are not asked. */
const COMMAND_WORD = /^[a-z0-9_.:-]{1,64}$/;

/**
 * A command that the table does not have. The servers are asked whether they know it, for example
 * from a module that was loaded later; else the client gets the server's words.
 */
export async function handleUnknown(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const [command = Buffer.alloc(0), subcommand] = request.args;
  const first = context.table.renames.nameOf(wordOf(command));
  if (first === undefined) {
    return { kind: 'reply', bytes: unknownCommandError(request.args) };
  }
  const container = context.table.find(first)?.container === true;
  const words = container && subcommand !== undefined ? [first, wordOf(subcommand)] : [first];
  const learned = await learn(words, context);
  if (learned !== null) {
    return learned;
  }
  const bytes =
    container && subcommand !== undefined
      ? unknownSubcommandError(wordOf(command), subcommand)
      : unknownCommandError(request.args);
  return { kind: 'reply', bytes };
}

async function learn(
  words: readonly string[],
  context: ControlContext,
): Promise<ControlOutcome | null> {
  if (!words.every((word) => COMMAND_WORD.test(word))) {
    return null;
  }
  const name = words.join('|');
  const { table } = context;
  if (table.find(name) !== undefined) {
    // Another request learned it while this one was on its way.
    return { kind: 'learned', table };
  }
  const replies = await context.unknownCommands.repliesAbout(name, () =>
    context.execute('every_primary', ['COMMAND', 'INFO', name]),
  );
  // One server that may not answer must not hide what the others know.
  const usable = replies.filter((reply) => reply.kind === 'array');
  const grown = addServerCommands(table, usable);
  return grown.find(name) === undefined ? null : { kind: 'learned', table: grown };
}

/** Only ASCII letters change, as the servers compare names. */
function wordOf(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
