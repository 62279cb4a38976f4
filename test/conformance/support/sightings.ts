import type { CommandRow } from '../../../src/commands/index.js';
import type { TestCluster } from '../../support/cluster.js';

/** Reads that change what the value remembers of itself. */
const REPLICATED_READS: ReadonlySet<string> = new Set(['pfcount']);

/**
 * How often each server has seen a command so far, those that it rejected included (a replica
 * rejects writes with MOVED). What a replica was sent by its primary does not count.
 */
export async function sightings(cluster: TestCluster, row: CommandRow): Promise<readonly number[]> {
  const { servers, primaryCount } = cluster;
  const pages = await Promise.all(servers.map((server) => server.text('INFO', 'commandstats')));
  return pages.map((page, i) => {
    const line = page.split('\r\n').find((text) => text.startsWith(`cmdstat_${row.name}:`)) ?? '';
    const mayBeReplicated =
      i >= primaryCount && (row.flags.includes('write') || REPLICATED_READS.has(row.name));
    return (mayBeReplicated ? 0 : field(line, 'calls')) + field(line, 'rejected_calls');
  });
}

function field(line: string, name: string): number {
  return Number(new RegExp(`[:,]${name}=(\\d+)`).exec(line)?.[1] ?? 0);
}
