import { isIP } from 'node:net';
import { canonicalHost } from '../shards/index.js';
import type { ServerNode } from '../topology/index.js';
import type { NodeSpec } from './types.js';

/** Whether the server runs on the node: its address, after the address map, is the node's. */
export function isHostedBy({ address }: ServerNode, node: NodeSpec): boolean {
  return address.kind === 'tcp' && canonicalHost(address.host) === canonicalHost(node.address);
}

/** `0.0.0.0` and `::` are no addresses to connect to: they stand for all of a machine. */
export function isWildcard(host: string): boolean {
  return isIP(host) !== 0 && ['0.0.0.0', '::'].includes(canonicalHost(host));
}
