import type { ClientRecord, ControlRequest } from '../../../native/types.js';
import { errorReply, integerReply, OK_REPLY } from '../../../resp/index.js';
import type { ControlContext, ControlOutcome } from '../types.js';
import { int64Of, refuse, SYNTAX_ERROR, wordOf } from './arguments.js';
import { type ClientType, clientTypeOf, hasType } from './types-of-clients.js';

/** Whom CLIENT KILL is about: all filters given must fit. */
interface KillFilter {
  id?: number;
  type?: ClientType;
  address?: string;
  localAddress?: string;
  user?: string;
  minAgeSeconds?: bigint;
  skipMe: boolean;
}

/**
 * CLIENT KILL address, or CLIENT KILL with ID, TYPE, ADDR, LADDR, USER, SKIPME and MAXAGE: clients of
 * all workers. A client that kills itself gets the reply before it is closed.
 */
export async function handleClientKill(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const values = request.args.slice(2);
  const isOldForm = values.length === 1;
  const filter = isOldForm ? { address: String(values[0]), skipMe: false } : readFilter(values);
  if (typeof filter === 'string') {
    return refuse(filter);
  }
  if (filter.user !== undefined && !(await isUser(filter.user, context))) {
    return refuse(`No such user '${filter.user}'`);
  }
  const clients = await context.clients.list(filter.id === undefined ? undefined : [filter.id]);
  const me = request.client.id;
  const chosen = clients.filter((client) => fits(client, filter, me, context));
  const close = chosen.some(({ id }) => id === me);
  const others = chosen.filter(({ id }) => id !== me);
  const count = (await context.clients.close(others)) + (close ? 1 : 0);
  if (isOldForm) {
    const bytes = count === 0 ? errorReply('ERR No such client') : OK_REPLY;
    return { kind: 'reply', bytes, close };
  }
  return { kind: 'reply', bytes: integerReply(count), close };
}

function fits(
  client: ClientRecord,
  filter: KillFilter,
  me: number,
  context: ControlContext,
): boolean {
  return (
    (filter.address === undefined || client.address === filter.address) &&
    (filter.localAddress === undefined || client.localAddress === filter.localAddress) &&
    (filter.type === undefined || hasType(client, filter.type)) &&
    (filter.id === undefined || client.id === filter.id) &&
    (filter.user === undefined || context.clients.userName(client.user) === filter.user) &&
    (filter.minAgeSeconds === undefined ||
      BigInt(Math.floor(client.ageMs / 1000)) >= filter.minAgeSeconds) &&
    !(filter.skipMe && client.id === me)
  );
}

/** @returns The filter, or the error without its code, in a server's words. */
function readFilter(values: readonly Buffer[]): KillFilter | string {
  const filter: KillFilter = { skipMe: true };
  for (let i = 0; i < values.length; i += 2) {
    const error = i + 1 < values.length ? readOption(filter, values[i], values[i + 1]) : null;
    if (error !== undefined) {
      return error ?? SYNTAX_ERROR;
    }
  }
  return filter;
}

/** @returns undefined, or the error; null stands for a syntax error. */
function readOption(
  filter: KillFilter,
  option: Buffer | undefined,
  value: Buffer | undefined,
): string | null | undefined {
  switch (wordOf(option)) {
    case 'ID': {
      const id = int64Of(value);
      filter.id = Number(id);
      return id === null || id < 1n ? 'client-id should be greater than 0' : undefined;
    }
    case 'TYPE': {
      const type = clientTypeOf(value);
      if (type === undefined) {
        return `Unknown client type '${String(value)}'`;
      }
      filter.type = type;
      return undefined;
    }
    case 'ADDR':
      filter.address = String(value);
      return undefined;
    case 'LADDR':
      filter.localAddress = String(value);
      return undefined;
    case 'USER':
      filter.user = String(value);
      return undefined;
    case 'MAXAGE': {
      const age = int64Of(value);
      if (age === null) {
        return 'maxage is not an integer or out of range';
      }
      filter.minAgeSeconds = age;
      return age < 1n ? 'maxage should be greater than 0' : undefined;
    }
    case 'SKIPME':
      filter.skipMe = wordOf(value) === 'YES';
      return wordOf(value) === 'YES' || wordOf(value) === 'NO' ? undefined : null;
    default:
      return null;
  }
}

/** Where the proxy's user may not ask, the user is taken to exist: then no client has the name. */
async function isUser(name: string, context: ControlContext): Promise<boolean> {
  const [reply] = await context.execute('any_primary', ['ACL', 'GETUSER', name]);
  return reply?.kind !== 'null';
}
