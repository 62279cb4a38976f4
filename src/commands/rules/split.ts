import type { CommandName } from '../core-facts.js';
import type { SplitRule } from '../types.js';

/**
 * Commands that are divided by slot. MSETNX is not: it sets all keys or none, which several shards
 * cannot promise, whatever the command tips of Redis 7.0 say.
 */
export const SPLITS: Readonly<Partial<Record<CommandName, SplitRule>>> = {
  mget: { kind: 'array_in_order', step: 1 },
  mset: { kind: 'all_ok', step: 2 },
  del: { kind: 'sum', step: 1 },
  exists: { kind: 'sum', step: 1 },
  touch: { kind: 'sum', step: 1 },
  unlink: { kind: 'sum', step: 1 },
};

export const NO_SPLIT: SplitRule = { kind: 'none', step: 1 };
