import { CORE_NAMES, type CommandName } from '../core-facts.js';
import { CLUSTER_ANSWERED } from './cluster.js';

/** Commands that change nothing, though the server does not flag them as readonly. */
const HARMLESS: readonly CommandName[] = [
  ...(['acl|cat', 'acl|dryrun', 'acl|genpass', 'acl|getuser', 'acl|list', 'acl|users'] as const),
  ...(['acl|whoami', 'command', 'command|count', 'command|docs', 'command|getkeys'] as const),
  ...(['command|getkeysandflags', 'command|info', 'command|list', 'config|get'] as const),
  ...(['function|dump', 'function|list', 'function|stats', 'info', 'lastsave'] as const),
  ...(['latency|doctor', 'latency|graph', 'latency|histogram', 'latency|history'] as const),
  ...(['latency|latest', 'memory|doctor', 'memory|malloc-stats', 'memory|stats'] as const),
  ...(['module|list', 'role', 'script|exists', 'script|show', 'time', 'watch'] as const),
];

export const REPEATABLE: ReadonlySet<string> = new Set<string>([
  ...HARMLESS,
  ...CLUSTER_ANSWERED,
  ...CORE_NAMES.filter((name) => name.endsWith('|help')),
]);
