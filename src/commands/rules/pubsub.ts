import type { CommandName } from '../core-facts.js';
import type { CommandRow, Route } from '../types.js';

/** What the workers themselves make of pub/sub commands. */
export const PUBSUB = {
  subscribe: { kind: 'pubsub', action: 'subscribe', family: 'channel' },
  psubscribe: { kind: 'pubsub', action: 'subscribe', family: 'pattern' },
  ssubscribe: { kind: 'pubsub', action: 'subscribe', family: 'shard' },
  unsubscribe: { kind: 'pubsub', action: 'unsubscribe', family: 'channel' },
  punsubscribe: { kind: 'pubsub', action: 'unsubscribe', family: 'pattern' },
  sunsubscribe: { kind: 'pubsub', action: 'unsubscribe', family: 'shard' },
  publish: { kind: 'pubsub', action: 'publish', family: 'channel' },
  spublish: { kind: 'pubsub', action: 'publish', family: 'shard' },
} satisfies Partial<Record<CommandName, Route>>;

const OTHERS: ReadonlySet<string> = new Set<CommandName>(['ping', 'quit', 'reset']);

/**
 * Whether a RESP2 client may send the command while it has subscriptions.
 * Source: Redis documentation, "Pub/Sub"; `processCommand` of redis-server 7.0.
 */
export function mayFollowSubscribe({ name, route }: Pick<CommandRow, 'name' | 'route'>): boolean {
  return OTHERS.has(name) || (route.kind === 'pubsub' && route.action !== 'publish');
}
