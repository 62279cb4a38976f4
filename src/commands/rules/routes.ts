import { CORE_NAMES, type CommandName } from '../core-facts.js';
import type { RefusalKind, Route } from '../types.js';
import { CLUSTER_ANSWERED, isClusterSubcommand } from './cluster.js';
import { PUBSUB } from './pubsub.js';

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

/** What clients of a cluster say to its nodes, and nothing here depends on. */
const OF_A_CLUSTER: readonly CommandName[] = ['asking', 'readonly', 'readwrite'];

/** Any primary answers for all, as users, functions and modules are the same everywhere. */
const KEYLESS: readonly CommandName[] = [
  ...(['acl|cat', 'acl|dryrun', 'acl|genpass', 'acl|getuser', 'acl|list'] as const),
  ...(['acl|users', 'acl|whoami'] as const),
  ...(['command', 'command|count', 'command|docs', 'command|getkeys'] as const),
  ...(['command|getkeysandflags', 'command|info', 'command|list'] as const),
  ...(['function|dump', 'function|list', 'lolwut', 'module|list'] as const),
  ...(['script|show', 'time'] as const),
];

/** `handlers/index.ts` has a function for each of these. */
export const CONTROL = [
  'auth',
  ...(['client|caching', 'client|getredir', 'client|no-touch', 'client|tracking'] as const),
  ...(['client|info', 'client|kill', 'client|list', 'client|maint_notifications'] as const),
  ...(['client|no-evict', 'client|pause'] as const),
  ...(['client|trackinginfo', 'client|unblock', 'client|unpause'] as const),
  ...CLUSTER_ANSWERED,
  ...(['commandlog|get', 'commandlog|len', 'commandlog|reset'] as const),
  ...(['config|get', 'config|set'] as const),
  'monitor',
  ...(['pubsub|channels', 'pubsub|numpat', 'pubsub|numsub'] as const),
  ...(['pubsub|shardchannels', 'pubsub|shardnumsub'] as const),
  'randomkey',
  'reset',
  'scan',
  ...(['script|exists', 'script|flush', 'script|load'] as const),
  ...(['slowlog|get', 'slowlog|len', 'slowlog|reset'] as const),
  'wait',
  'waitaof',
  'watch',
] as const satisfies readonly CommandName[];

/** Several servers answer, and their replies become one by a response policy. */
const FAN_OUT: readonly CommandName[] = [
  ...(['acl|deluser', 'acl|load', 'acl|save', 'acl|setuser', 'bgrewriteaof'] as const),
  ...(['bgsave', 'config|resetstat', 'config|rewrite', 'dbsize', 'flushall'] as const),
  ...(['flushdb', 'function|delete', 'function|flush', 'function|kill'] as const),
  ...(['function|load', 'function|restore', 'keys', 'lastsave', 'latency|reset'] as const),
  ...(['memory|purge', 'save', 'script|kill'] as const),
];

/** The same with a response of their own kind: `handlers/joins/` has a function for each of these. */
export const SPECIAL_JOIN_NAMES = [
  ...(['acl|log', 'function|stats', 'info', 'latency|doctor', 'latency|graph'] as const),
  ...(['latency|histogram', 'latency|history', 'latency|latest', 'memory|doctor'] as const),
  ...(['memory|malloc-stats', 'memory|stats', 'role'] as const),
] as const satisfies readonly CommandName[];

/** Would take a server out of the hands of those who run the cluster, or break other clients. */
const FORBIDDEN: readonly CommandName[] = [
  ...(['debug', 'failover', 'migrate', 'pfdebug', 'pfselftest', 'psync', 'replconf'] as const),
  ...(['replicaof', 'restore-asking', 'script|debug', 'shutdown', 'slaveof'] as const),
  ...(['swapdb', 'sync', 'module|load', 'module|loadex', 'module|unload'] as const),
];

/** Their meaning is more than one slot, one node or one connection, and nothing serves it here. */
const UNSUPPORTED: readonly CommandName[] = [
  'clusterscan',
  ...(['himport|discard', 'himport|discardall', 'himport|prepare'] as const),
];

/**
 * The routes that follow from a command's name alone. Commands with keys need no entry; commands
 * without keys all have one, which `core-table.ts` insists on.
 */
export const ROUTES: ReadonlyMap<string, Route> = withoutRepeats([
  ...Object.entries(LOCAL),
  ...Object.entries(PUBSUB),
  ...routed(KEYLESS, { kind: 'keyless' }),
  ...routed(
    CORE_NAMES.filter((name) => name.endsWith('|help') && !isClusterSubcommand(name)),
    { kind: 'keyless' },
  ),
  ...routed(CONTROL, { kind: 'control' }),
  ...routed([...FAN_OUT, ...SPECIAL_JOIN_NAMES], { kind: 'fan_out' }),
  ...routed(OF_A_CLUSTER, { kind: 'local', answer: 'if_cluster', reply: '+OK\r\n' }),
  ...refused(FORBIDDEN, 'forbidden'),
  ...refused(UNSUPPORTED, 'unsupported'),
]);

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
