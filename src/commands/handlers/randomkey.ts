import type { RespValue } from '../../resp/index.js';
import { failureAmong } from './fan-out/failures.js';
import { integerIn } from './reply-values.js';
import { scopeOf, slotsOf } from './scope.js';
import type { ValueHandler } from './types.js';

const NO_KEY: RespValue = { kind: 'null', isArray: false };

/**
 * RANDOMKEY: a key of each shard, of which one is taken, with the probability that the shard's number
 * of keys gives it. Null only if no shard has a key. Where the user may not ask for the numbers, all
 * shards count alike.
 */
export const handleRandomKey: ValueHandler = async (request, context) => {
  const scope = scopeOf(context.presentation(request));
  if (scope.kind === 'none') {
    return NO_KEY;
  }
  const { errands } = context;
  const [keys, sizes] = await Promise.all([
    errands.sendToShards(request.args, slotsOf(scope)),
    errands.sendToShards(['DBSIZE'], slotsOf(scope)),
  ]);
  const failure = failureAmong(keys, false);
  if (failure !== undefined) {
    return failure;
  }
  const candidates = keys
    .map((key, i) => ({ key, weight: Math.max(Number(integerIn(sizes[i])), 1) }))
    .filter(({ key }) => key.kind !== 'null');
  return choose(candidates, Math.random()) ?? NO_KEY;
};

/** @param random From 0 to below 1. */
export function choose(
  candidates: readonly { readonly key: RespValue; readonly weight: number }[],
  random: number,
): RespValue | undefined {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  let left = random * total;
  for (const { key, weight } of candidates) {
    left -= weight;
    if (left < 0) {
      return key;
    }
  }
  return candidates.at(-1)?.key;
}
