import type { CommandName } from '../core-facts.js';

/** Commands that run a client's script or function, which may write any error reply it likes. */
export const SCRIPTS: ReadonlySet<string> = new Set<CommandName>([
  ...(['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'] as const),
]);

/** Commands that end, or look at, a script that runs for too long. */
export const ENDS_SCRIPTS: ReadonlySet<string> = new Set<CommandName>([
  ...(['function|kill', 'function|stats', 'script|kill'] as const),
]);
