import { NO_CREDENTIALS, parseEndpoint } from '../../src/shards/index.js';
import {
  AddressMap,
  type ClusterTopology,
  NameResolver,
  SYSTEM_CLOCK,
  type TopologyLog,
  TopologyMonitor,
  type TopologyMonitorOptions,
} from '../../src/topology/index.js';
import { waitFor } from './wait.js';

export interface LogLine {
  readonly level: keyof TopologyLog;
  readonly message: string;
}

/** A monitor on the real clock, with what it published and logged. */
export interface WatchedMonitor {
  readonly monitor: TopologyMonitor;
  readonly published: { readonly topology: ClusterTopology; readonly changed: boolean }[];
  readonly lines: LogLine[];
  /** Starts it if need be, and waits for a topology that satisfies `condition`. */
  until(condition: (topology: ClusterTopology) => boolean): Promise<ClusterTopology>;
}

export function watchMonitor(
  seeds: readonly string[],
  options: Partial<TopologyMonitorOptions> = {},
): WatchedMonitor {
  const lines: LogLine[] = [];
  const logAs = (level: keyof TopologyLog) => (_fields: object, message: string) => {
    lines.push({ level, message });
  };
  const monitor = new TopologyMonitor({
    seeds: seeds.map(parseEndpoint),
    credentials: NO_CREDENTIALS,
    addressMap: new AddressMap(),
    resolver: new NameResolver(SYSTEM_CLOCK),
    clock: SYSTEM_CLOCK,
    connectTimeoutMs: 1_000,
    log: {
      debug: logAs('debug'),
      info: logAs('info'),
      warn: logAs('warn'),
      error: logAs('error'),
    },
    ...options,
  });
  const published: { topology: ClusterTopology; changed: boolean }[] = [];
  monitor.onTopology((topology, changed) => published.push({ topology, changed }));
  monitor.start();
  return {
    monitor,
    published,
    lines,
    async until(condition) {
      await waitFor('a topology', () => monitor.topology !== null && condition(monitor.topology));
      if (monitor.topology === null) {
        throw new Error('no topology');
      }
      return monitor.topology;
    },
  };
}

/** The address of the primary that a topology gives for a slot, `host:port`. */
export function primaryAddress(topology: ClusterTopology, slot: number): string {
  const shard = topology.shards[topology.slotToShard[slot] ?? -1];
  const server = topology.servers[shard?.primary ?? -1];
  return server?.address.kind === 'tcp'
    ? `${server.address.host}:${server.address.port}`
    : (server?.address.path ?? 'none');
}
