import type { CommandArguments, RespValue } from '../../../resp/index.js';
import type { RequestPolicy } from '../../types.js';
import type { Errands, ServersOptions } from '../errands.js';

/** The policies that send the same command to several servers. Source: Redis command tips. */
export type FanOutPolicy = Extract<RequestPolicy, 'all_nodes' | 'all_shards'>;

type Ask = (
  errands: Errands,
  args: CommandArguments,
  options: ServersOptions,
) => Promise<readonly RespValue[]>;

const ASK: Readonly<Record<FanOutPolicy, Ask>> = {
  all_nodes: (errands, args, options) => errands.sendToNodes(args, options),
  all_shards: (errands, args, options) => errands.sendToShards(args, options),
};

/** One reply of each server; errors are values. */
export function askServers(
  policy: FanOutPolicy,
  errands: Errands,
  args: CommandArguments,
  options: ServersOptions,
): Promise<readonly RespValue[]> {
  return ASK[policy](errands, args, options);
}
