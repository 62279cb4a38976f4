import type { RouteServer, RouteSnapshot } from '../native/index.js';
import type { SlotReaders } from '../placement/index.js';
import { formatEndpoint } from '../shards/index.js';
import {
  type ClusterTopology,
  type ServerNode,
  SLOT_COUNT,
  UNASSIGNED,
} from '../topology/index.js';

/** In `RouteSnapshot.slotToServer`: nobody serves the slot now. */
const NOBODY = 0xffff;

/** Nothing is served, and no server is connected to. */
export const NO_ROUTES: RouteSnapshot = {
  version: 0,
  refreshStartedAtMs: 0,
  servers: [],
  slotToServer: new Uint16Array(SLOT_COUNT).fill(NOBODY),
  readerSets: [],
  slotToReaders: new Uint16Array(0),
};

/** What the workers need of a topology. A primary that the cluster has given up serves nothing. */
export function toRouteSnapshot(
  topology: ClusterTopology,
  { sets, slotToSet }: SlotReaders,
): RouteSnapshot {
  const slotToServer = new Uint16Array(SLOT_COUNT).fill(NOBODY);
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const shardIndex = topology.slotToShard[slot] ?? UNASSIGNED;
    const primary = topology.shards[shardIndex]?.primary ?? null;
    if (primary !== null && topology.servers[primary]?.flags.includes('fail') === false) {
      slotToServer[slot] = primary;
    }
  }
  return {
    version: topology.version,
    refreshStartedAtMs: toHrtimeMs(topology.refreshStartedAtMs),
    servers: topology.servers.map(toRouteServer),
    slotToServer,
    readerSets: sets,
    slotToReaders: slotToSet,
  };
}

function toRouteServer({ nodeId, address, redirectNames }: ServerNode): RouteServer {
  const isTcp = address.kind === 'tcp';
  return {
    nodeId,
    host: isTcp ? address.host : '',
    port: isTcp ? address.port : 0,
    path: isTcp ? '' : address.path,
    label: formatEndpoint(address),
    redirectNames,
  };
}

/** `performance.now()` counts from the start of the process, the workers' clock from that of the machine. */
function toHrtimeMs(performanceMs: number): number {
  const hrtimeMs = Number(process.hrtime.bigint() / 1_000_000n);
  return Math.max(0, Math.floor(hrtimeMs - (performance.now() - performanceMs)));
}
