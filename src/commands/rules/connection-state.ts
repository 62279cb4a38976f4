import type { CommandName } from '../core-facts.js';

/**
 * Commands after which the server treats the connection differently. One of them on a link that
 * clients share would shift or silence the replies of all others.
 */
export const CONNECTION_STATE: ReadonlySet<string> = new Set<CommandName>([
  ...(['asking', 'auth', 'hello', 'quit', 'readonly', 'readwrite', 'reset', 'select'] as const),
  ...(['client|caching', 'client|capa', 'client|no-evict', 'client|no-touch'] as const),
  ...(['client|reply', 'client|setinfo', 'client|setname', 'client|tracking'] as const),
  ...(['multi', 'exec', 'discard', 'watch', 'unwatch', 'monitor'] as const),
  ...(['subscribe', 'psubscribe', 'ssubscribe'] as const),
  ...(['unsubscribe', 'punsubscribe', 'sunsubscribe'] as const),
  ...(['himport|prepare', 'himport|set', 'himport|discard', 'himport|discardall'] as const),
  ...(['sync', 'psync', 'replconf', 'script|debug'] as const),
]);
