import type { CommandName } from '../core-facts.js';

/** Commands after which a user may have other rights, or none. */
export const CHANGES_RIGHTS: ReadonlySet<string> = new Set<CommandName>([
  ...(['acl|deluser', 'acl|load', 'acl|setuser', 'config|set'] as const),
]);
