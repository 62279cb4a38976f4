import type { ControlRequest } from '../../../native/types.js';
import { OK_REPLY } from '../../../resp/index.js';
import type { ControlContext, ControlOutcome } from '../types.js';
import { int64Of, refuse, wordOf, wrongSubcommandArity } from './arguments.js';

/** CLIENT PAUSE milliseconds [WRITE | ALL]: on all workers before it is answered. */
export async function handleClientPause(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const [value, mode, ...rest] = request.args.slice(2);
  if (rest.length > 0) {
    return wrongSubcommandArity(request.args);
  }
  if (mode !== undefined && wordOf(mode) !== 'WRITE' && wordOf(mode) !== 'ALL') {
    return refuse('CLIENT PAUSE mode must be WRITE or ALL');
  }
  const timeout = int64Of(value);
  if (timeout === null) {
    return refuse('timeout is not an integer or out of range');
  }
  if (timeout < 0n) {
    return refuse('timeout is negative');
  }
  const milliseconds = Math.min(Number(timeout), Number.MAX_SAFE_INTEGER);
  await context.clients.pause(wordOf(mode) === 'WRITE' ? 'write' : 'all', milliseconds);
  return { kind: 'reply', bytes: OK_REPLY };
}

/** CLIENT UNPAUSE. */
export async function handleClientUnpause(
  _request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  await context.clients.unpause();
  return { kind: 'reply', bytes: OK_REPLY };
}
