import type { CommandRow, KeySpec } from '../../../src/commands/index.js';
import { type CommandTable, coreTable } from '../../../src/commands/index.js';
import type { ControlRequest } from '../../../src/native/types.js';
import type { RespReply } from '../../../src/resp/index.js';

export const TABLE = coreTable();

export function rowOf(name: string, table: CommandTable = TABLE): CommandRow {
  const row = table.find(name);
  if (row === undefined) {
    throw new Error(`no row for '${name}'`);
  }
  return row;
}

/** A request as the data plane hands it up; its row is looked up as the plane does. */
export function requestOf(line: string | readonly Buffer[], table = TABLE): ControlRequest {
  const args = typeof line === 'string' ? line.split(' ').map((word) => Buffer.from(word)) : line;
  const [first = '', second = ''] = args.map((arg) => arg.toString('latin1').toLowerCase());
  const container = table.find(first)?.container === true && args.length > 1;
  const name = container && first !== 'command' ? `${first}|${second}` : first;
  return {
    client: { id: 256, index: 0 },
    database: 0,
    row: table.rows.findIndex((row) => row.name === name),
    protocol: 2,
    mustLogIn: false,
    inTransaction: false,
    connectionState: '',
    isTargetGone: false,
    watchSlot: -1,
    slot: -1,
    written: [],
    ownWritten: [],
    wroteElsewhere: false,
    user: 0,
    args,
    clientName: '',
    clientAddress: '127.0.0.1:50000',
    presentation: 0,
    localAddress: '127.0.0.1:12000',
  };
}

export type Shorthand = string | number | null | readonly Shorthand[];

/** Strings, numbers, nulls and arrays as a server's reply. */
export function reply(value: Shorthand): RespReply {
  if (value === null) {
    return { kind: 'null' };
  }
  if (typeof value === 'number') {
    return { kind: 'integer', value };
  }
  return typeof value === 'string'
    ? { kind: 'string', bytes: Buffer.from(value) }
    : { kind: 'array', items: value.map(reply) };
}

/** The keys of a request by its key specifications, each position once, in ascending order. */
export function keysOf(specs: readonly KeySpec[], args: readonly string[]): readonly string[] {
  const positions = new Set(specs.flatMap((spec) => positionsOf(spec, args)));
  return [...positions].sort((a, b) => a - b).map((i) => args[i] ?? '');
}

function positionsOf({ begin, find }: KeySpec, args: readonly string[]): readonly number[] {
  const start = begin.kind === 'index' ? begin.index : keywordAt(begin, args);
  if (start === -1) {
    return [];
  }
  if (find.kind === 'keynum') {
    const count = Number(args[start + find.keynumIndex]);
    return Array.from({ length: count }, (_, i) => start + find.firstKey + i * find.step);
  }
  if (find.kind === 'unknown') {
    throw new Error('keys unknown');
  }
  const left = args.length - start;
  const limited = find.limit > 1 ? start + Math.floor(left / find.limit) - 1 : args.length - 1;
  const last =
    find.lastKey >= 0
      ? start + find.lastKey
      : find.lastKey === -1
        ? limited
        : args.length + find.lastKey;
  const count = Math.floor((last - start) / find.step) + 1;
  return Array.from({ length: count }, (_, i) => start + i * find.step);
}

/** Position behind the keyword, or -1. */
function keywordAt(begin: KeySpec['begin'], args: readonly string[]): number {
  if (begin.kind !== 'keyword') {
    throw new Error('keys unknown');
  }
  const words = args.map((arg) => arg.toUpperCase());
  const at =
    begin.startFrom >= 0
      ? words.indexOf(begin.keyword, begin.startFrom)
      : words.lastIndexOf(begin.keyword, begin.startFrom);
  return at <= 0 ? -1 : at + 1;
}
