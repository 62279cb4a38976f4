import type { CommandName } from '../core-facts.js';
import type { CommandRow } from '../types.js';

/** Executed at once also between MULTI and EXEC, as a server does. */
export const NEVER_QUEUED: ReadonlySet<string> = new Set<CommandName>([
  ...(['multi', 'exec', 'discard', 'watch', 'quit', 'reset'] as const),
]);

/** What the proxy answers itself, but one server answers as well within a transaction. */
const ANSWERED_BY_SERVER: ReadonlySet<string> = new Set<CommandName>([
  ...(['ping', 'echo', 'select', 'unwatch', 'wait', 'waitaof', 'publish', 'spublish'] as const),
]);

/**
 * Whether a command may stand between MULTI and EXEC. The transaction runs at one server, so what
 * means all servers, or the connection, cannot be part of it.
 */
export function isQueueable(
  row: Pick<CommandRow, 'name' | 'route' | 'flags' | 'connectionState'>,
): boolean {
  if (ANSWERED_BY_SERVER.has(row.name)) {
    return true;
  }
  const goesToOneServer = row.route.kind === 'keys' || row.route.kind === 'keyless';
  return goesToOneServer && !row.connectionState && !row.flags.includes('no_multi');
}
