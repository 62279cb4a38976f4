import type { CommandName } from '../core-facts.js';

/** Commands that run a client's script or function, which may write any error reply it likes. */
export const SCRIPTS: ReadonlySet<string> = new Set<CommandName>([
  ...(['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'] as const),
]);
