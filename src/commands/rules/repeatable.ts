import { CORE_NAMES, type CommandName } from '../core-facts.js';

/** Commands that change nothing, though the server does not flag them as readonly. */
const HARMLESS: readonly CommandName[] = [
  ...(['command', 'command|count', 'command|docs', 'command|getkeys'] as const),
  ...(['command|getkeysandflags', 'command|info', 'command|list', 'time'] as const),
];

export const REPEATABLE: ReadonlySet<string> = new Set<string>([
  ...HARMLESS,
  ...CORE_NAMES.filter((name) => name.endsWith('|help')),
]);
