import { type CommandName, isCommandName } from '../core-facts.js';
import type { RequestPolicy, ResponsePolicy } from '../types.js';

interface Policies {
  readonly requestPolicy: RequestPolicy;
  readonly responsePolicy: ResponsePolicy;
}

const REQUEST_POLICIES: readonly RequestPolicy[] = [
  ...(['all_nodes', 'all_shards', 'multi_shard', 'special'] as const),
];
const RESPONSE_POLICIES: readonly ResponsePolicy[] = [
  ...(['one_succeeded', 'all_succeeded', 'agg_logical_and', 'agg_logical_or'] as const),
  ...(['agg_min', 'agg_max', 'agg_sum', 'special'] as const),
];

const EVERY_SHARD_DOES_IT: Policies = {
  requestPolicy: 'all_shards',
  responsePolicy: 'all_succeeded',
};

const EVERY_SERVER_DOES_IT: Policies = {
  requestPolicy: 'all_nodes',
  responsePolicy: 'all_succeeded',
};

/**
 * Where the servers have no tips, or tips that are not for a proxy. Scripts run at primaries only.
 */
const OVERRIDES: Readonly<Partial<Record<CommandName, Policies>>> = {
  'acl|load': EVERY_SERVER_DOES_IT,
  'acl|log': { requestPolicy: 'all_nodes', responsePolicy: 'special' },
  bgrewriteaof: EVERY_SHARD_DOES_IT,
  bgsave: EVERY_SHARD_DOES_IT,
  debug: EVERY_SHARD_DOES_IT,
  lastsave: { requestPolicy: 'all_shards', responsePolicy: 'agg_min' },
  'module|load': EVERY_SERVER_DOES_IT,
  'module|loadex': EVERY_SERVER_DOES_IT,
  'module|unload': EVERY_SERVER_DOES_IT,
  role: { requestPolicy: 'all_shards', responsePolicy: 'special' },
  save: EVERY_SHARD_DOES_IT,
  'script|load': EVERY_SHARD_DOES_IT,
};

/** A policy that is not known is `special`: it must not be taken for the default. */
export function policiesOf(name: string, tips: readonly string[]): Policies {
  const override = isCommandName(name) ? OVERRIDES[name satisfies CommandName] : undefined;
  return (
    override ?? {
      requestPolicy: policyOf(tips, 'request_policy:', REQUEST_POLICIES),
      responsePolicy: policyOf(tips, 'response_policy:', RESPONSE_POLICIES),
    }
  );
}

function policyOf<Policy extends string>(
  tips: readonly string[],
  prefix: string,
  policies: readonly Policy[],
): Policy | 'default' | 'special' {
  const tip = tips.find((text) => text.startsWith(prefix));
  if (tip === undefined) {
    return 'default';
  }
  return policies.find((policy) => tip === prefix + policy) ?? 'special';
}
