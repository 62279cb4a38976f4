import type { CommandName } from '../core-facts.js';

/** Commands that run a client's script or function, which may write any error reply it likes. */
export const SCRIPTS: ReadonlySet<string> = new Set<CommandName>([
  ...(['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'] as const),
]);

/** Commands that end, or look at, a script that runs for too long. */
export const ENDS_SCRIPTS: ReadonlySet<string> = new Set<CommandName>([
  ...(['function|kill', 'function|stats', 'script|kill'] as const),
]);

/** Argument 1 is the script's body. */
export const RUNS_BODY: ReadonlySet<string> = new Set<CommandName>(['eval', 'eval_ro']);

/** Argument 1 is the SHA-1 of the script's body. */
export const RUNS_DIGEST: ReadonlySet<string> = new Set<CommandName>(['evalsha', 'evalsha_ro']);
