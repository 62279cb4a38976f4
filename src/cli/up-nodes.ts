import { formatAddress, type TcpAddress } from '../config/addresses.js';
import type { DeploymentConfig } from '../config/deployment.js';
import type { NodeConfig } from '../config/nodes.js';
import { type PortProbe, probePort } from '../node/ports.js';
import { portInUse } from './admin-http.js';

/** A node of `slotgate up`. */
export interface UpNode {
  readonly id: string;
  /** Of its servers, and of its first listener. */
  readonly host: string;
  /** At least one. */
  readonly listen: readonly TcpAddress[];
}

type Probe = (host: string, port: number) => Promise<PortProbe>;

const FIRST_HOST = '127.0.0.1';

/**
 * Nodes at 127.0.0.1, 127.0.0.2 and so on, all with the same port. Where the system has no such
 * addresses, all are at 127.0.0.1, with one port after the other. The first listens on ::1, too, since
 * `localhost` means that first.
 * @throws CommandError that names who has a port. Found here, before servers are started.
 */
export async function upNodes(
  count: number,
  port: number,
  probe: Probe = probePort,
): Promise<readonly UpNode[]> {
  const isSpread = await hasAddresses(count, port, probe);
  const nodes = Array.from({ length: count }, (_, index): UpNode => {
    const host = isSpread ? `127.0.0.${index + 1}` : FIRST_HOST;
    const address = { kind: 'tcp', host, port: isSpread ? port : port + index } as const;
    const localhost: readonly TcpAddress[] = index === 0 ? [{ ...address, host: '::1' }] : [];
    return { id: `node${index + 1}`, host, listen: [address, ...localhost] };
  });
  return Promise.all(nodes.map((node) => withFreeAddresses(node, probe)));
}

/** The deployment of one database and one node, with these nodes and servers instead. */
export function localDeployment(
  config: DeploymentConfig,
  nodes: readonly UpNode[],
  seeds: readonly string[],
): DeploymentConfig {
  const port = nodes[0]?.listen[0]?.port ?? 0;
  const placed = {
    port,
    seeds,
    listen: nodes.flatMap(({ listen }) => listen),
    endpoints: nodes.map(({ id, listen }) => ({ node: id, listen })),
  };
  return {
    ...config,
    nodes: nodes.map((node) => nodeConfig(node, port)),
    hosted: nodes.map(({ id }) => id),
    databases: config.databases.map((database) => ({ ...database, ...placed })),
  };
}

function nodeConfig({ id, host, listen }: UpNode, databasePort: number): NodeConfig {
  const { port } = listen[0] ?? { port: databasePort };
  return {
    id,
    address: host,
    externalAddresses: [],
    hostname: null,
    externalHostname: null,
    zone: null,
    clientAddresses: [],
    admin: null,
    ...(port === databasePort ? {} : { port }),
  };
}

async function hasAddresses(count: number, port: number, probe: Probe): Promise<boolean> {
  const others = Array.from({ length: count - 1 }, (_, index) => `127.0.0.${index + 2}`);
  const found = await Promise.all(others.map((host) => probe(host, port)));
  return !found.includes('unavailable');
}

/** Without those that the system does not have, such as ::1. */
async function withFreeAddresses(node: UpNode, probe: Probe): Promise<UpNode> {
  const listen: TcpAddress[] = [];
  for (const address of node.listen) {
    const found = await probe(address.host, address.port);
    if (found === 'in-use') throw portInUse(formatAddress(address), address.port);
    if (found === 'free') listen.push(address);
  }
  return listen.length > 0 ? { ...node, listen } : node;
}
