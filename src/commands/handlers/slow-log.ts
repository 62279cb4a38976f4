import type { ControlRequest } from '../../native/types.js';
import { encodeValue, integerReply, OK_REPLY, type RespValue } from '../../resp/index.js';
import type { SlowLogEntry } from '../slow-log.js';
import { int64Of, refuse, SYNTAX_ERROR, wordOf, wrongSubcommandArity } from './client/arguments.js';
import type { ControlContext, ControlOutcome } from './types.js';

const DEFAULT_COUNT = 10n;
const BAD_COUNT = 'count should be greater than or equal to -1';

/**
 * SLOWLOG GET [count [ALL]]: requests that took long between proxy and servers; with ALL those that
 * the servers themselves noted, too, newest first.
 */
export async function handleSlowLogGet(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const [given, all, ...rest] = request.args.slice(2);
  if (rest.length > 0) {
    return wrongSubcommandArity(request.args);
  }
  const count = given === undefined ? DEFAULT_COUNT : int64Of(given);
  if (count === null || count < -1n) {
    return refuse(BAD_COUNT);
  }
  if (all !== undefined && wordOf(all) !== 'ALL') {
    return refuse(SYNTAX_ERROR);
  }
  const most = count === -1n ? Number.MAX_SAFE_INTEGER : Number(count);
  const own = context.slowLog.newest(most).map(entryValue);
  const theirs = all === undefined ? [] : await serversEntries(count, context);
  const items = [...own, ...theirs].sort((a, b) => secondsOf(b) - secondsOf(a)).slice(0, most);
  return {
    kind: 'reply',
    bytes: encodeValue({ kind: 'array', items }, request.protocol),
  };
}

export function handleSlowLogLen(
  _request: ControlRequest,
  { slowLog }: ControlContext,
): ControlOutcome {
  return { kind: 'reply', bytes: integerReply(slowLog.length) };
}

export function handleSlowLogReset(
  _request: ControlRequest,
  { slowLog }: ControlContext,
): ControlOutcome {
  slowLog.clear();
  return { kind: 'reply', bytes: OK_REPLY };
}

/** COMMANDLOG GET count type, as Valkey has it: `slow` is the slow log, others are not kept here. */
export async function handleCommandLogGet(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const [count = Buffer.alloc(0), type] = request.args.slice(2);
  const value = int64Of(count);
  if (value === null || value < -1n) {
    return refuse(BAD_COUNT);
  }
  return (
    typeRefusal(type) ??
    handleSlowLogGet({ ...request, args: [...request.args.slice(0, 2), count] }, context)
  );
}

export function handleCommandLogLen(
  request: ControlRequest,
  context: ControlContext,
): ControlOutcome {
  return typeRefusal(request.args[2]) ?? handleSlowLogLen(request, context);
}

export function handleCommandLogReset(
  request: ControlRequest,
  context: ControlContext,
): ControlOutcome {
  return typeRefusal(request.args[2]) ?? handleSlowLogReset(request, context);
}

function typeRefusal(type: Buffer | undefined): ControlOutcome | undefined {
  switch (wordOf(type)) {
    case 'SLOW':
      return undefined;
    case 'LARGE-REQUEST':
    case 'LARGE-REPLY':
      return refuse(`Slotgate keeps no log of type '${wordOf(type).toLowerCase()}'`);
    default:
      return refuse('type should be one of the following: slow, large-request, large-reply');
  }
}

/** id, time, microseconds, arguments, address and name, as a server shows an entry. */
function entryValue(entry: SlowLogEntry): RespValue {
  const integer = (value: number): RespValue => ({ kind: 'integer', value: BigInt(value) });
  const bulk = (bytes: Buffer): RespValue => ({ kind: 'bulk', bytes });
  return {
    kind: 'array',
    items: [
      integer(entry.id),
      integer(entry.seconds),
      integer(entry.durationMs * 1000),
      { kind: 'array', items: entry.args.map(bulk) },
      bulk(Buffer.from(entry.clientAddress)),
      bulk(Buffer.from(entry.clientName)),
    ],
  };
}

/** A server that refuses or does not answer has no entries to show. */
async function serversEntries(
  count: bigint,
  { errands }: ControlContext,
): Promise<readonly RespValue[]> {
  const replies = await errands.sendToNodes(['SLOWLOG', 'GET', String(count)]);
  return replies.flatMap((reply) => (reply.kind === 'array' ? reply.items : []));
}

function secondsOf(entry: RespValue): number {
  const field = entry.kind === 'array' ? entry.items[1] : undefined;
  return field?.kind === 'integer' ? Number(field.value) : 0;
}
