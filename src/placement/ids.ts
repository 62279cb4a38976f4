import { createHash } from 'node:crypto';

/**
 * The id under which clients see a node: 40 hexadecimal digits, the same in every process and after
 * every restart. A node that serves two databases is two nodes to their clients.
 */
export function shownNodeId(database: string, nodeId: string): string {
  return digest(`slotgate:${database}:${nodeId}`);
}

/** What CLUSTER MYSHARDID answers for a node, by the id under which clients see it. */
export function shownShardId(shownId: string): string {
  return digest(`slotgate-shard:${shownId}`);
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
