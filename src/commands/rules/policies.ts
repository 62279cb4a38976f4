import type { RequestPolicy, ResponsePolicy } from '../types.js';

const REQUEST_POLICIES: readonly RequestPolicy[] = [
  ...(['all_nodes', 'all_shards', 'multi_shard', 'special'] as const),
];
const RESPONSE_POLICIES: readonly ResponsePolicy[] = [
  ...(['one_succeeded', 'all_succeeded', 'agg_logical_and', 'agg_logical_or'] as const),
  ...(['agg_min', 'agg_max', 'agg_sum', 'special'] as const),
];

/** A policy that is not known is `special`: it must not be taken for the default. */
export function requestPolicyOf(tips: readonly string[]): RequestPolicy {
  return policyOf(tips, 'request_policy:', REQUEST_POLICIES);
}

export function responsePolicyOf(tips: readonly string[]): ResponsePolicy {
  return policyOf(tips, 'response_policy:', RESPONSE_POLICIES);
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
