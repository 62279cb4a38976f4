import { ProxyError } from '../../errors/index.js';
import type { ControlRequest } from '../../native/types.js';
import { errorReply } from '../../resp/index.js';
import type { CONTROL } from '../rules/routes.js';
import type { CommandRow } from '../types.js';
import { handleBlocking } from './blocking.js';
import { handleClientKill } from './client/kill.js';
import { handleClientInfo, handleClientList } from './client/list.js';
import { handleClientNoEvict, handleReset } from './client/session.js';
import { handleClientUnblock } from './client/unblock.js';
import { handleConfigGet } from './config-get.js';
import { wrongArityError } from './error-texts.js';
import { handleInfo } from './info/index.js';
import { handleScan } from './scan/index.js';
import type { ControlContext, ControlHandler, ControlOutcome } from './types.js';
import { handleUnknown } from './unknown.js';
import { handleWatch } from './watch.js';

/**
 * Commands that come up. AUTH and HELLO, which change who the client is, are answered by the owner of
 * the sessions before they get here; commands that wait have one handler for all.
 */
type ControlName = Exclude<(typeof CONTROL)[number], 'auth'>;

const HANDLERS: Readonly<Record<ControlName, ControlHandler>> = {
  'client|info': handleClientInfo,
  'client|kill': handleClientKill,
  'client|list': handleClientList,
  'client|no-evict': handleClientNoEvict,
  'client|unblock': handleClientUnblock,
  'config|get': handleConfigGet,
  info: handleInfo,
  reset: handleReset,
  scan: handleScan,
  watch: handleWatch,
};

/**
 * Answers a command that the data plane handed up.
 * @throws Error if the table says that another part of the program answers the command: a bug.
 */
export async function handleControl(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const row = context.table.rows[request.row];
  if (row !== undefined && !arityFits(row.arity, request.args.length)) {
    return { kind: 'reply', bytes: wrongArityError(row.name) };
  }
  try {
    return await handlerOf(row)(request, context);
  } catch (error) {
    if (error instanceof ProxyError) {
      return {
        kind: 'reply',
        bytes: errorReply(`ERR the servers did not answer: ${error.message}`),
      };
    }
    throw error;
  }
}

/** A container's row comes up with a subcommand that the table does not have. */
function handlerOf(row: CommandRow | undefined): ControlHandler {
  if (row === undefined || row.container) {
    return handleUnknown;
  }
  if (row.blocking.kind !== 'never' && row.route.kind === 'keys') {
    return handleBlocking;
  }
  if (hasHandler(row.name)) {
    return HANDLERS[row.name];
  }
  throw new Error(`command '${row.name}' came up, and no handler answers it`);
}

function hasHandler(name: string): name is ControlName {
  return Object.hasOwn(HANDLERS, name);
}

function arityFits(arity: number, count: number): boolean {
  return arity >= 0 ? arity === 0 || count === arity : count >= -arity;
}
