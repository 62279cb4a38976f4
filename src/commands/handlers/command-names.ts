import type { RespValue } from '../../resp/index.js';
import type { Renames } from '../renames.js';
import { askOneServer } from './one-server.js';
import {
  bulkValue,
  integerIn,
  integerValue,
  isError,
  itemsIn,
  mapValue,
  pairsIn,
  textIn,
} from './reply-values.js';
import type { ValueHandler } from './types.js';

/** Where the subcommands are in an entry of COMMAND. */
const SUBCOMMANDS_AT = 9;
/** No server has a command of this name. */
const NO_COMMAND = '\0';
const NAMES_FROM_2: ReadonlySet<string> = new Set(['command|info', 'command|docs']);
const NAME_AT_2: ReadonlySet<string> = new Set(['command|getkeys', 'command|getkeysandflags']);

/**
 * COMMAND and its subcommands where commands have other names: a server is asked in its names, and
 * the client is told in those that it can use.
 */
export const handleCommandNames: ValueHandler = async (request, context, row) => {
  const { renames } = context.table;
  const words = request.args.map((arg, i) =>
    i >= 2 && NAMES_FROM_2.has(row.name) ? Buffer.from(asServersCallIt(String(arg), renames)) : arg,
  );
  if (words.length > 2 && NAME_AT_2.has(row.name)) {
    words[2] = Buffer.from(asServersCallIt(String(request.args[2]), renames));
  }
  const reply = await askOneServer(context.errands, words);
  if (isError(reply)) {
    return reply;
  }
  switch (row.name) {
    case 'command':
      return {
        kind: 'array',
        items: entries(reply, renames).filter(({ kind }) => kind !== 'null'),
      };
    case 'command|info':
      return { kind: 'array', items: entries(reply, renames) };
    case 'command|list':
      return { kind: 'array', items: itemsIn(reply).flatMap((name) => named(name, renames) ?? []) };
    case 'command|docs':
      return docs(reply, renames);
    case 'command|count':
      return integerValue(integerIn(reply) - BigInt(hiddenOf(context.table.rows, renames)));
    default:
      return reply;
  }
};

function asServersCallIt(called: string, renames: Renames): string {
  return renames.nameOf(called.toLowerCase()) ?? NO_COMMAND;
}

function named(name: RespValue | undefined, renames: Renames): RespValue | undefined {
  const called = renames.calledAs(textIn(name));
  return called === undefined ? undefined : bulkValue(called);
}

/** Entries of COMMAND; null for those that clients cannot call, and for those that are null. */
function entries(reply: RespValue, renames: Renames): readonly RespValue[] {
  return itemsIn(reply).map((entry): RespValue => {
    const [name, ...rest] = itemsIn(entry);
    const called = named(name, renames);
    if (name === undefined || called === undefined) {
      return { kind: 'null', isArray: true };
    }
    const items = rest.map((item, i) =>
      i + 1 === SUBCOMMANDS_AT && itemsIn(item).length > 0
        ? ({ kind: 'array', items: entries(item, renames) } as const)
        : item,
    );
    return { kind: 'array', items: [called, ...items] };
  });
}

function docs(reply: RespValue, renames: Renames): RespValue {
  return mapValue(
    pairsIn(reply).flatMap(([name, content]) => {
      const called = renames.calledAs(textIn(name));
      return called === undefined ? [] : [[called, docsOf(content, renames)] as const];
    }),
  );
}

function docsOf(content: RespValue, renames: Renames): RespValue {
  return mapValue(
    pairsIn(content).map(([name, value]) => {
      const field = textIn(name);
      return [field, field === 'subcommands' ? docs(value, renames) : value] as const;
    }),
  );
}

function hiddenOf(rows: readonly { readonly name: string }[], renames: Renames): number {
  return rows.filter(({ name }) => !name.includes('|') && renames.calledAs(name) === undefined)
    .length;
}
