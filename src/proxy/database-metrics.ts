import type { MetricSnapshot } from '../metrics/sample.js';
import { formatEndpoint } from '../shards/index.js';
import type { HostedDatabase } from './hosted-database.js';
import { CIRCUIT_STATES } from './server-circuits.js';

/** What is told of each database, beside the figures of the workers, which are those of all. */
export async function databaseMetrics(
  databases: readonly HostedDatabase[],
): Promise<MetricSnapshot> {
  const samples = await Promise.all(databases.map(samplesOf));
  const memory = databases.map((database) => database.memoryMetrics());
  return {
    counters: memory.flatMap(({ counters }) => counters),
    gauges: [...samples.flat(), ...memory.flatMap(({ gauges }) => gauges)],
  };
}

async function samplesOf({ name, monitor, placement, circuits }: HostedDatabase) {
  const endpoints = await Promise.all(
    placement.endpoints.entries().map(async ([node, endpoint]) => {
      const labels = { database: name, node };
      return [
        {
          name: 'slotgate_endpoint_listening',
          help: "1 if the database's port is open on the node, else 0.",
          labels,
          value: endpoint.state === 'listening' || endpoint.state === 'grace' ? 1 : 0,
        },
        {
          name: 'slotgate_endpoint_clients',
          help: "Clients that came in through the database's port on the node.",
          labels,
          value: await endpoint.countClients(),
        },
      ];
    }),
  );
  const servers = (monitor.topology?.servers ?? []).map(({ address }) => formatEndpoint(address));
  return [
    ...servers.map((server) => ({
      name: 'slotgate_server_circuit',
      help: 'Circuit breaker of a server: 0 closed, 1 half open (one attempt is made), 2 open (it waits).',
      labels: { database: name, server },
      value: CIRCUIT_STATES.indexOf(circuits.of(server)),
    })),
    {
      name: 'slotgate_topology_version',
      help: 'Version of the topology that is in use; 0: none is known yet.',
      labels: { database: name },
      value: monitor.topology?.version ?? 0,
    },
    ...endpoints.flat(),
  ];
}
