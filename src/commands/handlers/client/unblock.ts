import type { ControlRequest } from '../../../native/types.js';
import { integerReply } from '../../../resp/index.js';
import type { ControlContext, ControlOutcome } from '../types.js';
import { int64Of, refuse, wordOf, wrongSubcommandArity } from './arguments.js';

/** CLIENT UNBLOCK id [TIMEOUT | ERROR]: 1 if the client was waiting in a blocking command, else 0. */
export async function handleClientUnblock(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const [value, mode, ...rest] = request.args.slice(2);
  if (rest.length > 0) {
    return wrongSubcommandArity(request.args);
  }
  if (mode !== undefined && wordOf(mode) !== 'TIMEOUT' && wordOf(mode) !== 'ERROR') {
    return refuse('CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
  }
  const id = int64Of(value);
  if (id === null) {
    return refuse('value is not an integer or out of range');
  }
  const how = wordOf(mode) === 'ERROR' ? 'error' : 'timeout';
  const wasBlocked = await context.clients.blocked.unblock(Number(id), how);
  return { kind: 'reply', bytes: integerReply(wasBlocked ? 1 : 0) };
}
