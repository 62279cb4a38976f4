import { errorReply } from '../../resp/index.js';
import type { CommandName } from '../core-facts.js';
import type { Route } from '../types.js';
import { refusalText, unsupportedReason } from './refusals.js';

/**
 * Subcommands of CLUSTER that a proxy answers where clients are shown a cluster; all others would
 * change it. `handlers/cluster/` has a function for each of these.
 */
export const CLUSTER_ANSWERED = [
  ...(['cluster|count-failure-reports', 'cluster|countkeysinslot'] as const),
  ...(['cluster|getkeysinslot', 'cluster|help', 'cluster|info', 'cluster|keyslot'] as const),
  ...(['cluster|links', 'cluster|myid', 'cluster|myshardid', 'cluster|nodes'] as const),
  ...(['cluster|replicas', 'cluster|shards', 'cluster|slaves', 'cluster|slots'] as const),
] as const satisfies readonly CommandName[];

export type ClusterAnsweredName = (typeof CLUSTER_ANSWERED)[number];

/** Every subcommand of CLUSTER, those that later servers add included. */
export function isClusterSubcommand(name: string): boolean {
  return name.startsWith('cluster|');
}

export function isClusterAnswered(name: string): name is ClusterAnsweredName {
  return CLUSTER_ANSWERED.some((answered) => answered === name);
}

/** Of a subcommand that is not answered: it is refused for a reason of its own where clients are shown a cluster. */
export function clusterRefusal(name: string): Route {
  const refusal = unsupportedReason(name) === undefined ? 'forbidden' : 'unsupported';
  const reply = errorReply(refusalText(refusal, name)).toString();
  return { kind: 'local', answer: 'if_cluster', reply };
}
