import type { Examples } from '../support/example.js';

/** What would change the cluster is asked for with generated arguments: all have the same answer. */
export const CLUSTER: Examples = {
  asking: 'ASKING',
  cluster: 'CLUSTER NONSENSE',
  'cluster|count-failure-reports': 'CLUSTER COUNT-FAILURE-REPORTS nobody',
  'cluster|countkeysinslot': 'CLUSTER COUNTKEYSINSLOT 0',
  'cluster|getkeysinslot': 'CLUSTER GETKEYSINSLOT 0 10',
  'cluster|help': 'CLUSTER HELP',
  'cluster|info': 'CLUSTER INFO',
  'cluster|keyslot': 'CLUSTER KEYSLOT key',
  'cluster|links': 'CLUSTER LINKS',
  'cluster|myid': 'CLUSTER MYID',
  'cluster|myshardid': 'CLUSTER MYSHARDID',
  'cluster|nodes': 'CLUSTER NODES',
  'cluster|replicas': 'CLUSTER REPLICAS nobody',
  'cluster|shards': 'CLUSTER SHARDS',
  'cluster|slaves': 'CLUSTER SLAVES nobody',
  'cluster|slots': 'CLUSTER SLOTS',
  clusterscan: 'CLUSTERSCAN 0',
  readonly: 'READONLY',
  readwrite: 'READWRITE',
};
