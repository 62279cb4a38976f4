import { nearestName } from '../config/nearest.js';
import { commandRow } from './command-row.js';
import { CommandTable } from './command-table.js';
import { CORE_NAMES, isCommandName } from './core-facts.js';
import { renameProblem as problemOfRenames, Renames } from './renames.js';
import { LIFTABLE } from './rules/liftable.js';
import { TELLS_NAMES } from './rules/names.js';
import type { CommandRow } from './types.js';

/** What the users of Slotgate decided about commands, in any case, subcommands behind a blank or `|`. */
export interface CommandPolicy {
  /** Refused whatever `allow` says. A container stands for all of its subcommands. */
  readonly deny: readonly string[];
  /** No longer refused. */
  readonly allow: readonly string[];
  /** What clients call otherwise, or not at all: `NAME=NEW`, `NAME=`. */
  readonly rename: readonly string[];
}

/** As modules name their commands. */
const MODULE_COMMAND = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/;

/** The table with the refusals that the policy adds or lifts, and the names that it gives. */
export function applyPolicy(table: CommandTable, policy: CommandPolicy): CommandTable {
  const denied = new Set(policy.deny.map(rowName));
  const allowed = new Set(policy.allow.map(rowName));
  const renames = new Renames(policy.rename);
  return new CommandTable(
    table.rows.map((row) => {
      const [container = ''] = row.name.split('|');
      if (denied.has(row.name) || denied.has(container)) {
        return commandRow(row, { kind: 'refuse', refusal: 'forbidden' });
      }
      if (!renames.isEmpty && TELLS_NAMES.has(row.name)) {
        return commandRow(row, { kind: 'control' });
      }
      return allowed.has(row.name) ? lifted(row) : row;
    }),
    renames,
  );
}

function lifted(row: CommandRow): CommandRow {
  const route = LIFTABLE.get(row.name);
  return route === undefined ? row : commandRow(row, route);
}

/** What is wrong with the entries of `renameCommands` together; undefined: nothing. */
export function renameProblem(entries: readonly string[]): string | undefined {
  return problemOfRenames(entries, mayExist);
}

/** Whether Redis or Valkey has such a command, or a module may. */
function mayExist(name: string): boolean {
  return isCommandName(name) || MODULE_COMMAND.test(name);
}

/** What is wrong with an entry of `denyCommands`; undefined: nothing. */
export function denyProblem(text: string): string | undefined {
  const name = rowName(text);
  if (mayExist(name)) {
    return undefined;
  }
  const nearest = nearestName(name, CORE_NAMES);
  const hint = nearest === undefined ? '' : `; did you mean "${spoken(nearest)}"?`;
  return `there is no such command of Redis or Valkey, and commands of modules have a dot${hint}`;
}

/** What is wrong with an entry of `allowCommands`; undefined: nothing. */
export function allowProblem(text: string): string | undefined {
  if (LIFTABLE.has(rowName(text))) {
    return undefined;
  }
  const choices = [...LIFTABLE.keys()].map(spoken).join(', ');
  return `of the commands that Slotgate refuses, these can be allowed: ${choices}`;
}

/** `CONFIG SET` and `config|set` are `config|set`. */
function rowName(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, '|');
}

function spoken(name: string): string {
  return name.replace('|', ' ');
}
