import { CORE_NAMES, type CommandName } from '../core-facts.js';
import type { RefusalKind, Route } from '../types.js';

const LOCAL = {
  ping: { kind: 'local', answer: 'ping' },
  echo: { kind: 'local', answer: 'echo_argument' },
  quit: { kind: 'local', answer: 'quit' },
  select: { kind: 'local', answer: 'select_database' },
  hello: { kind: 'local', answer: 'hello' },
  // What a client can do concerns servers without a cluster: the server only says OK, too.
  'client|capa': { kind: 'local', answer: 'ready_reply', reply: '+OK\r\n' },
  multi: { kind: 'local', answer: 'multi' },
  exec: { kind: 'local', answer: 'exec' },
  discard: { kind: 'local', answer: 'discard' },
  unwatch: { kind: 'local', answer: 'unwatch' },
  'client|getname': { kind: 'local', answer: 'get_name' },
  'client|id': { kind: 'local', answer: 'client_id' },
  'client|reply': { kind: 'local', answer: 'reply_mode' },
  'client|setinfo': { kind: 'local', answer: 'set_library' },
  'client|setname': { kind: 'local', answer: 'set_name' },
} satisfies Partial<Record<CommandName, Route>>;

/** Any primary answers for all. PUBLISH reaches every subscriber over the cluster bus. */
const KEYLESS: readonly CommandName[] = [
  ...(['command', 'command|count', 'command|docs', 'command|getkeys'] as const),
  ...(['command|getkeysandflags', 'command|info', 'command|list'] as const),
  ...(['lolwut', 'publish', 'time'] as const),
];

/** `handlers/index.ts` has a function for each of these. */
export const CONTROL = [
  ...(['auth', 'client|info', 'client|kill', 'client|list', 'client|no-evict'] as const),
  ...(['client|unblock', 'config|get', 'info', 'reset', 'scan', 'watch'] as const),
] as const satisfies readonly CommandName[];

/** A proxy in standalone mode answers these as a stand-alone server does. */
const CLUSTER_DISABLED: readonly CommandName[] = ['asking', 'readonly', 'readwrite'];

/** Would take a server out of the hands of those who run the cluster, or break other clients. */
const FORBIDDEN: readonly CommandName[] = [
  ...(['debug', 'failover', 'migrate', 'pfdebug', 'pfselftest', 'psync', 'replconf'] as const),
  ...(['replicaof', 'restore-asking', 'script|debug', 'shutdown', 'slaveof'] as const),
  ...(['swapdb', 'sync', 'module|load', 'module|loadex', 'module|unload'] as const),
];

/** Their meaning is more than one slot, one node or one connection, and nothing serves it here. */
const UNSUPPORTED: readonly CommandName[] = [
  ...(['acl|cat', 'acl|deluser', 'acl|dryrun', 'acl|genpass', 'acl|getuser'] as const),
  ...(['acl|list', 'acl|load', 'acl|log', 'acl|save', 'acl|setuser'] as const),
  ...(['acl|users', 'acl|whoami', 'bgrewriteaof', 'bgsave'] as const),
  ...(['client|caching', 'client|getredir', 'client|no-touch', 'client|pause'] as const),
  ...(['client|tracking', 'client|trackinginfo', 'client|unpause', 'clusterscan'] as const),
  ...(['commandlog|get', 'commandlog|len', 'commandlog|reset'] as const),
  ...(['config|resetstat', 'config|rewrite', 'config|set', 'dbsize'] as const),
  ...(['flushall', 'flushdb', 'function|delete', 'function|dump'] as const),
  ...(['function|flush', 'function|kill', 'function|list', 'function|load'] as const),
  ...(['function|restore', 'function|stats', 'himport|discard'] as const),
  ...(['himport|discardall', 'himport|prepare', 'keys', 'lastsave'] as const),
  ...(['latency|doctor', 'latency|graph', 'latency|histogram', 'latency|history'] as const),
  ...(['latency|latest', 'latency|reset', 'memory|doctor', 'memory|malloc-stats'] as const),
  ...(['memory|purge', 'memory|stats', 'module|list', 'monitor'] as const),
  ...(['psubscribe', 'pubsub|channels', 'pubsub|numpat', 'pubsub|numsub'] as const),
  ...(['pubsub|shardchannels', 'pubsub|shardnumsub', 'punsubscribe'] as const),
  ...(['randomkey', 'role', 'save', 'script|exists'] as const),
  ...(['script|flush', 'script|kill', 'script|load', 'script|show'] as const),
  ...(['slowlog|get', 'slowlog|len', 'slowlog|reset', 'subscribe'] as const),
  ...(['unsubscribe', 'wait', 'waitaof'] as const),
];

/**
 * The routes that follow from a command's name alone. Commands with keys need no entry; commands
 * without keys all have one, which `core-table.ts` insists on.
 */
export const ROUTES: ReadonlyMap<string, Route> = withoutRepeats([
  ...Object.entries(LOCAL),
  ...routed(KEYLESS, { kind: 'keyless' }),
  ...routed(
    CORE_NAMES.filter((name) => name.endsWith('|help')),
    { kind: 'keyless' },
  ),
  ...routed(CONTROL, { kind: 'control' }),
  ...refused(CLUSTER_DISABLED, 'cluster_disabled'),
  ...refused(FORBIDDEN, 'forbidden'),
  ...refused(UNSUPPORTED, 'unsupported'),
]);

/** Every subcommand of CLUSTER, those that later servers add included, `CLUSTER HELP` too. */
export function isClusterSubcommand(name: string): boolean {
  return name.startsWith('cluster|');
}

function withoutRepeats(entries: readonly (readonly [string, Route])[]) {
  const routes = new Map(entries);
  if (routes.size !== entries.length) {
    throw new Error('rules/routes.ts names a command twice');
  }
  return routes;
}

function routed(names: readonly CommandName[], route: Route): (readonly [string, Route])[] {
  return names.map((name) => [name, route] as const);
}

function refused(names: readonly CommandName[], refusal: RefusalKind) {
  return routed(names, { kind: 'refuse', refusal });
}
