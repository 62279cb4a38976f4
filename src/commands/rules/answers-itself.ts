import type { CommandName } from '../core-facts.js';
import type { CommandRow } from '../types.js';

/** Control commands that are sent to servers as the client that asked: the servers know its rights. */
const SENT_AS_THE_CLIENT: ReadonlySet<string> = new Set<CommandName>([
  ...(['config|get', 'config|set', 'randomkey', 'scan', 'wait', 'waitaof', 'watch'] as const),
  ...(['script|exists', 'script|flush', 'script|load'] as const),
]);

/** Servers do not know them, so they cannot say who may; they concern nobody but the client. */
const FOR_ANYBODY: ReadonlySet<string> = new Set<CommandName>(['client|maint_notifications']);

/**
 * Whether the proxy answers the command from what it knows, or asks for it on its own connections, so
 * that the client's rights have to be asked for.
 */
export function answersItself({
  name,
  route,
  flags,
}: Pick<CommandRow, 'name' | 'route' | 'flags'>): boolean {
  const isExempt = SENT_AS_THE_CLIENT.has(name) || FOR_ANYBODY.has(name);
  return route.kind === 'control' && !flags.includes('no_auth') && !isExempt;
}
