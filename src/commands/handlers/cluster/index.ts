import { isClusterAnswered } from '../../rules/cluster.js';
import { CLUSTER_DISABLED } from '../error-texts.js';
import { errorValue } from '../reply-values.js';
import type { ValueHandler } from '../types.js';
import { CLUSTER_ANSWERS } from './answers.js';

/**
 * CLUSTER subcommand …: about the cluster that the client is shown; without one, as a stand-alone
 * server answers.
 * @throws Error if the subcommand is none that is answered: a bug.
 */
export const handleCluster: ValueHandler = async (request, context, { name }) => {
  const view = context.presentation(request);
  const picture = view.picture(request.clientAddress, request.localAddress);
  if (picture === null) {
    return errorValue(CLUSTER_DISABLED);
  }
  if (!isClusterAnswered(name)) {
    throw new Error(`'${name}' came up, and nothing answers it`);
  }
  return CLUSTER_ANSWERS[name]({ picture, request, context });
};
