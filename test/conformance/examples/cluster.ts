import type { Examples } from '../support/example.js';

/** Subcommands of CLUSTER are asked for with generated arguments: all have the same answer. */
export const CLUSTER: Examples = {
  asking: 'ASKING',
  cluster: 'CLUSTER NONSENSE',
  clusterscan: 'CLUSTERSCAN 0',
  readonly: 'READONLY',
  readwrite: 'READWRITE',
};
