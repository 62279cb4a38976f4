import { ProxyError } from '../../errors/index.js';
import type { ControlRequest } from '../../native/types.js';
import { errorReply } from '../../resp/index.js';
import { type ClusterAnsweredName, isClusterAnswered } from '../rules/cluster.js';
import { TELLS_NAMES } from '../rules/names.js';
import type { CONTROL } from '../rules/routes.js';
import type { CommandRow } from '../types.js';
import { handleBlocking } from './blocking.js';
import { handleClientKill } from './client/kill.js';
import { handleClientInfo, handleClientList } from './client/list.js';
import { handleMaintNotifications } from './client/maint-notifications.js';
import { handleClientPause, handleClientUnpause } from './client/pause.js';
import { handleClientNoEvict, handleMonitor, handleReset } from './client/session.js';
import { handleClientUnblock } from './client/unblock.js';
import { handleCluster } from './cluster/index.js';
import { handleCommandNames } from './command-names.js';
import { handleConfigGet, handleConfigSet } from './config.js';
import { wrongArityError } from './error-texts.js';
import { fanOut } from './fan-out/index.js';
import {
  handlePubsubChannels,
  handlePubsubNumpat,
  handlePubsubNumsub,
  handlePubsubShardchannels,
  handlePubsubShardnumsub,
} from './pubsub.js';
import { handleRandomKey } from './randomkey.js';
import { handleScan } from './scan/index.js';
import { handleScriptExists, handleScriptFlush, handleScriptLoad } from './scripts.js';
import {
  handleCommandLogGet,
  handleCommandLogLen,
  handleCommandLogReset,
  handleSlowLogGet,
  handleSlowLogLen,
  handleSlowLogReset,
} from './slow-log.js';
import {
  handleCaching,
  handleGetRedir,
  handleNoTouch,
  handleTracking,
  handleTrackingInfo,
} from './tracking/tracking.js';
import type { ControlContext, ControlHandler, ControlOutcome, ValueHandler } from './types.js';
import { handleUnknown } from './unknown.js';
import { valueReply } from './value-reply.js';
import { handleWait } from './wait.js';
import { handleWaitAof } from './wait-aof.js';
import { handleWatch } from './watch.js';

/**
 * Commands that come up. AUTH and HELLO, which change who the client is, are answered by the owner of
 * the sessions before they get here; commands that wait, and those about the cluster, have one handler
 * for all.
 */
type ControlName = Exclude<(typeof CONTROL)[number], 'auth' | ClusterAnsweredName>;

const HANDLERS: Readonly<Record<ControlName, ControlHandler>> = {
  'client|info': handleClientInfo,
  'client|kill': handleClientKill,
  'client|list': handleClientList,
  'client|maint_notifications': handleMaintNotifications,
  'client|no-evict': handleClientNoEvict,
  'client|pause': handleClientPause,
  'client|unblock': handleClientUnblock,
  'client|unpause': handleClientUnpause,
  'commandlog|get': handleCommandLogGet,
  'commandlog|len': handleCommandLogLen,
  'commandlog|reset': handleCommandLogReset,
  'config|get': byValue(handleConfigGet),
  'config|set': byValue(handleConfigSet),
  monitor: handleMonitor,
  randomkey: byValue(handleRandomKey),
  reset: handleReset,
  'pubsub|channels': handlePubsubChannels,
  'pubsub|numpat': handlePubsubNumpat,
  'pubsub|numsub': handlePubsubNumsub,
  'pubsub|shardchannels': handlePubsubShardchannels,
  'pubsub|shardnumsub': handlePubsubShardnumsub,
  scan: handleScan,
  'script|exists': byValue(handleScriptExists),
  'script|flush': byValue(handleScriptFlush),
  'script|load': byValue(handleScriptLoad),
  'slowlog|get': handleSlowLogGet,
  'slowlog|len': handleSlowLogLen,
  'slowlog|reset': handleSlowLogReset,
  wait: byValue(handleWait),
  waitaof: handleWaitAof,
  'client|caching': handleCaching,
  'client|getredir': handleGetRedir,
  'client|no-touch': handleNoTouch,
  'client|tracking': handleTracking,
  'client|trackinginfo': handleTrackingInfo,
  watch: handleWatch,
};

const handleClusterCommand = byValue(handleCluster);
const handleNames = byValue(handleCommandNames);
const handleFanOut = byValue((request, context, row) => fanOut(row, request, context));

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
    return await handlerOf(row, request.args.length)(request, context);
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
function handlerOf(row: CommandRow | undefined, words: number): ControlHandler {
  if (row !== undefined && TELLS_NAMES.has(row.name) && (words === 1 || !row.container)) {
    return handleNames;
  }
  if (row === undefined || row.container) {
    return handleUnknown;
  }
  if (row.blocking.kind !== 'never' && row.route.kind === 'keys') {
    return handleBlocking;
  }
  if (row.route.kind === 'fan_out') {
    return handleFanOut;
  }
  if (isClusterAnswered(row.name)) {
    return handleClusterCommand;
  }
  if (hasHandler(row.name)) {
    return HANDLERS[row.name];
  }
  throw new Error(`command '${row.name}' came up, and no handler answers it`);
}

function byValue(handler: ValueHandler): ControlHandler {
  return async (request, context) => {
    const row = context.table.rows[request.row];
    if (row === undefined) {
      throw new Error('a command without a row came to the handler of a row');
    }
    const value = await handler(request, context, row);
    return { kind: 'reply', bytes: valueReply(value, request.protocol, context) };
  };
}

function hasHandler(name: string): name is ControlName {
  return Object.hasOwn(HANDLERS, name);
}

function arityFits(arity: number, count: number): boolean {
  return arity >= 0 ? arity === 0 || count === arity : count >= -arity;
}
