import type { CommandName } from '../core-facts.js';

/**
 * Commands that are for a server which runs a client's script for too long. It reads nothing more
 * from the link over which that script came, and others may share it.
 */
export const OWN_LINKS: ReadonlySet<string> = new Set<CommandName>([
  ...(['function|kill', 'function|stats', 'script|kill'] as const),
]);
