import type { RespReply } from '../resp/index.js';
import { type CommandSeed, commandRow, hasUnknownKeys } from './command-row.js';
import { CommandTable } from './command-table.js';
import { isCommandName } from './core-facts.js';
import { coreRow } from './core-table.js';
import { clusterRefusal, isClusterSubcommand } from './rules/cluster.js';
import { policiesOf } from './rules/policies.js';
import { readCommandReply, type ServerCommand } from './server-commands.js';
import type { CommandRow, KeySpec, Route, ServerFlag } from './types.js';

/**
 * The table for a cluster whose servers gave these replies to `COMMAND`, one per server. Rows that
 * the proxy would only refuse, or word an error for, are left out if no server has the command:
 * clients then get the server's own text for an unknown one.
 * @throws ProxyError as `readCommandReply`.
 */
export function mergeServerCommands(
  table: CommandTable,
  replies: readonly RespReply[],
): CommandTable {
  if (replies.length === 0) {
    return table;
  }
  const known = byName(replies);
  const kept = table.rows.filter((row) => known.has(row.name) || servesByItself(row, known));
  return merge(new CommandTable(kept), known);
}

/**
 * The table with the commands of replies to `COMMAND INFO` added.
 * @throws ProxyError as `readCommandReply`.
 */
export function addServerCommands(
  table: CommandTable,
  replies: readonly RespReply[],
): CommandTable {
  return merge(table, byName(replies));
}

type Known = ReadonlyMap<string, readonly ServerCommand[]>;

function byName(replies: readonly RespReply[]): Known {
  const known = new Map<string, readonly ServerCommand[]>();
  for (const command of replies.flatMap(readCommandReply)) {
    known.set(command.name, [...(known.get(command.name) ?? []), command]);
  }
  return known;
}

/**
 * Servers before 7.0 list containers without their subcommands. What a handler makes of a client's
 * connection is done by the servers, so that one of them has to know it. What a cluster can be asked is
 * what its servers can be asked.
 */
function servesByItself(row: CommandRow, known: Known): boolean {
  const [container, subcommand] = row.name.split('|');
  const parent = subcommand === undefined ? undefined : known.get(container ?? '');
  const isListedWithoutSubcommands = parent?.every((command) => !command.container) === true;
  const isDoneByServers = row.route.kind === 'control' && row.connectionState;
  const isOwn = !row.container && !isClusterSubcommand(row.name);
  const isServed = isOwn && row.route.kind !== 'refuse' && !isDoneByServers;
  return isServed || isListedWithoutSubcommands;
}

function merge(table: CommandTable, known: Known): CommandTable {
  const rows = table.rows.map((row) => corrected(row, known.get(row.name) ?? []));
  const added = [...known]
    .filter(([name]) => table.find(name) === undefined)
    .map(([name, commands]) =>
      isCommandName(name) ? corrected(coreRow(name), commands) : addedRow(table, name, commands),
    );
  return new CommandTable([...rows, ...added]);
}

/** Our columns stay; the loosest arity and "write" win, so that nothing valid is refused here. */
function corrected(row: CommandRow, commands: readonly ServerCommand[]): CommandRow {
  const arity = looserArity([row.arity, ...commands.map((command) => command.arity)]);
  const writes = commands.some((command) => command.flags.includes('write'));
  if (arity === row.arity && (!writes || row.flags.includes('write'))) {
    return row;
  }
  const flags: readonly ServerFlag[] = writes ? union([row.flags, ['write']]) : row.flags;
  return commandRow({ ...row, arity, flags }, row.route);
}

function addedRow(
  table: CommandTable,
  name: string,
  commands: readonly ServerCommand[],
): CommandRow {
  const container = commands.some((command) => command.container);
  const module = commands.every((command) => command.module);
  const flags = union(commands.map((command) => command.flags));
  const keySpecs = unionOfSpecs(commands);
  const row = {
    name,
    group: module ? 'module' : 'other',
    arity: looserArity(commands.map((command) => command.arity)),
    flags,
    keySpecs,
    tips: union(commands.map((command) => command.tips)),
    container,
    source: 'server' as const,
    connectionState: flags.includes('pubsub') || siblingsHaveState(table, name),
  };
  return commandRow(row, addedRoute(row, module));
}

function siblingsHaveState(table: CommandTable, name: string): boolean {
  const [container = '', subcommand] = name.split('|');
  return (
    subcommand !== undefined && table.subcommandsOf(container).some((row) => row.connectionState)
  );
}

/**
 * Without keys only a module's command is sent on: another might change the connection. It goes to
 * several servers if its policies say so in a way that needs no knowledge of the command.
 */
function addedRoute(seed: CommandSeed, module: boolean): Route {
  const { name, container, keySpecs, tips } = seed;
  if (isClusterSubcommand(name)) {
    return clusterRefusal(name);
  }
  if (container) {
    return { kind: 'control' };
  }
  if (hasUnknownKeys({ keySpecs })) {
    return { kind: 'refuse', refusal: 'keys_unknown' };
  }
  if (keySpecs.length > 0) {
    return { kind: 'keys' };
  }
  if (!module) {
    return { kind: 'refuse', refusal: 'unsupported' };
  }
  const { requestPolicy, responsePolicy } = policiesOf(name, tips);
  const isForSeveral = requestPolicy === 'all_nodes' || requestPolicy === 'all_shards';
  return { kind: isForSeveral && responsePolicy !== 'special' ? 'fan_out' : 'keyless' };
}

/** An arity that accepts everything that one of `arities` accepts; 0 accepts any. */
function looserArity(arities: readonly number[]): number {
  const [first = 0] = arities;
  if (arities.includes(0) || arities.every((arity) => arity === first)) {
    return arities.includes(0) ? 0 : first;
  }
  return -Math.min(...arities.map(Math.abs));
}

function union<Item>(lists: readonly (readonly Item[])[]): readonly Item[] {
  return [...new Set(lists.flat())];
}

function unionOfSpecs(commands: readonly ServerCommand[]): readonly KeySpec[] {
  const specs = commands.flatMap((command) => command.keySpecs);
  return [...new Map(specs.map((spec) => [JSON.stringify(spec), spec])).values()];
}
