import { table } from './table.js';

/** A node or an endpoint that is not where its policy and placement want it. */
export interface UnbalancedObject {
  readonly node_uid: number | null;
  readonly bdb_uid: number;
  readonly name: string;
  readonly endpoint_uid: string;
  readonly proxy_policy: string;
  readonly local_shards: number;
  readonly total_shards: number;
}

export function balanceText(unbalanced: readonly UnbalancedObject[]): string {
  if (unbalanced.length === 0) return 'Everything is balanced.\n';
  const rows = unbalanced.map((row) => [
    row.node_uid === null ? '' : `node:${row.node_uid}`,
    `db:${row.bdb_uid}`,
    row.name,
    `endpoint:${row.endpoint_uid}`,
    row.proxy_policy,
    row.local_shards,
    row.total_shards,
  ]);
  const headings = ['NODE:ID', 'DB:ID', 'NAME', 'ENDPOINT:ID', 'PROXY_POLICY', 'LOCAL SHARDS'];
  return `BALANCE:\n${table([...headings, 'TOTAL SHARDS'], rows)}`;
}
