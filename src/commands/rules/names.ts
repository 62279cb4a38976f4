import type { CommandName } from '../core-facts.js';

/** Commands about commands, which tell their names. */
export const TELLS_NAMES: ReadonlySet<string> = new Set<CommandName>([
  ...(['command', 'command|count', 'command|docs', 'command|getkeys'] as const),
  ...(['command|getkeysandflags', 'command|info', 'command|list'] as const),
]);
