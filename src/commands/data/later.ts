import type { CommandFacts, KeySpec } from '../types.js';

const ONE_KEY: KeySpec = {
  begin: { kind: 'index', index: 1 },
  find: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
  flags: ['RW'],
};
const READ_KEY: KeySpec = { ...ONE_KEY, flags: ['RO', 'access'] };
const COUNTED_PAIRS: KeySpec = {
  begin: { kind: 'index', index: 1 },
  find: { kind: 'keynum', keynumIndex: 0, firstKey: 1, step: 2 },
  flags: ['OW', 'update'],
};
const HASHED_CURSOR: KeySpec = { ...ONE_KEY, flags: ['not_key'] };
const SUBCOMMAND_KEY: KeySpec = {
  begin: { kind: 'index', index: 2 },
  find: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
  flags: ['OW', 'update'],
};

function write(group: string, arity: number, keySpec: KeySpec = ONE_KEY): CommandFacts {
  return { group, arity, flags: ['write'], keySpecs: [keySpec], tips: [] };
}

function keyless(group: string, arity: number, tips: readonly string[] = []): CommandFacts {
  return { group, arity, flags: [], keySpecs: [], tips };
}

const ALL_NODES = 'request_policy:all_nodes';
const ALL_SHARDS = 'request_policy:all_shards';
const ALL_SUCCEEDED = 'response_policy:all_succeeded';

/**
 * Commands of Redis 8.0 to 8.10 and Valkey 8.1 to 9.1, transcribed from their documentation, and what
 * client libraries ask a proxy for.
 */
export const LATER = {
  'client|maint_notifications': keyless('connection', -3),
  clusterscan: {
    group: 'cluster',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [HASHED_CURSOR],
    tips: ['nondeterministic_output', 'request_policy:special', 'response_policy:special'],
  },
  commandlog: keyless('server', -2),
  'commandlog|get': keyless('server', 4, ['nondeterministic_output', ALL_NODES]),
  'commandlog|help': keyless('server', 2),
  'commandlog|len': keyless('server', 3, [
    'nondeterministic_output',
    ALL_NODES,
    'response_policy:agg_sum',
  ]),
  'commandlog|reset': keyless('server', 3, [ALL_NODES, ALL_SUCCEEDED]),
  delex: write('string', -2),
  delifeq: write('string', 3),
  digest: { group: 'string', arity: 2, flags: ['readonly'], keySpecs: [READ_KEY], tips: [] },
  hgetdel: write('hash', -5),
  hgetex: write('hash', -5),
  himport: keyless('hash', -2),
  'himport|discard': keyless('hash', 3, [ALL_SHARDS]),
  'himport|discardall': keyless('hash', 2, [ALL_SHARDS]),
  'himport|prepare': keyless('hash', -4, [ALL_SHARDS]),
  'himport|set': write('hash', -5, SUBCOMMAND_KEY),
  hsetex: write('hash', -6),
  msetex: {
    ...write('string', -4, COUNTED_PAIRS),
    tips: ['request_policy:multi_shard', ALL_SUCCEEDED],
  },
  xackdel: write('stream', -6),
  xdelex: write('stream', -5),
} satisfies Readonly<Record<string, CommandFacts>>;
