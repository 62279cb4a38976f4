import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_CHECKS } from '../../src/cli/config-checks.js';
import { formatAddress } from '../../src/config/addresses.js';
import type { DeploymentConfig } from '../../src/config/deployment.js';
import { loadConfig } from '../../src/config/load.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { ProxyError } from '../../src/errors/index.js';
import type { LogFields, Logger } from '../../src/log/logger.js';
import { SlotgateProxy } from '../../src/proxy/proxy.js';
import { findClusterPort } from './ports.js';
import { TestClient } from './resp-client.js';

const START_ATTEMPTS = 5;

export const NODE_HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];

/** One database; its name and port are added. */
export type DatabaseEntry = Readonly<Record<string, unknown>> & {
  readonly seeds: readonly string[];
};

export interface TestDeploymentOptions {
  readonly databases: readonly DatabaseEntry[];
  /** Settings of the process. */
  readonly process?: Readonly<Record<string, unknown>>;
  /** Fields of the nodes at `NODE_HOSTS`, called `node1` and so on. */
  readonly nodes?: readonly Readonly<Record<string, unknown>>[];
  /** Those that are played; without it all. */
  readonly hosted?: readonly string[];
  /** Of the databases; without it free ones. */
  readonly ports?: readonly number[];
}

/** The databases of a deployment on several nodes of this machine, in this process. */
export class TestDeployment {
  readonly proxy: SlotgateProxy;
  readonly ports: readonly number[];
  /** Messages with their fields. */
  readonly log: readonly string[];
  readonly #options: TestDeploymentOptions;
  readonly #clients = new Set<TestClient>();

  private constructor(
    proxy: SlotgateProxy,
    options: TestDeploymentOptions,
    ports: readonly number[],
    log: readonly string[],
  ) {
    this.proxy = proxy;
    this.#options = options;
    this.ports = ports;
    this.log = log;
  }

  static async start(options: TestDeploymentOptions): Promise<TestDeployment> {
    const lines: string[] = [];
    const log = collectingLog(lines);
    const { proxy, ports } = await startOnFreePorts(options, log);
    try {
      await proxy.whenListening();
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return new TestDeployment(proxy, options, ports, lines);
  }

  /** As SIGHUP with another file does. */
  async reload(change: Partial<TestDeploymentOptions>): Promise<readonly string[]> {
    return this.proxy.reload(await deploymentConfig({ ...this.#options, ...change }, this.ports));
  }

  /** A client of a database on a node, from 1 on; it is closed with the deployment. */
  async connect(node = 1, database = 0): Promise<TestClient> {
    const host = NODE_HOSTS[node - 1] ?? '';
    const client = await TestClient.connect({ host, port: this.ports[database] ?? 0 });
    this.#clients.add(client);
    return client;
  }

  /** Ids of the nodes on which a database's port is open. */
  async openOn(database = 0): Promise<readonly string[]> {
    const open = await Promise.all(
      NODE_HOSTS.map(async (host, index) => {
        try {
          const client = await TestClient.connect({ host, port: this.ports[database] ?? 0 });
          client.close();
          return [`node${index + 1}`];
        } catch {
          return [];
        }
      }),
    );
    return open.flat();
  }

  /**
   * The sum of a counter over all workers.
   * @throws Error if there is no such counter: a misspelt name must not count as zero.
   */
  async counted(name: string): Promise<number> {
    const { counters } = await this.proxy.metrics();
    const samples = counters.filter((sample) => sample.name === name);
    if (samples.length === 0) {
      throw new Error(`no counter ${name}`);
    }
    return samples.reduce((sum, { value }) => sum + value, 0);
  }

  /** How many requests of clients went on to servers. */
  async forwarded(): Promise<number> {
    const [all, local, control, moved] = await Promise.all(
      ['requests', 'local_answers', 'control_requests', 'moved_answered'].map((name) =>
        this.counted(`slotgate_${name}_total`),
      ),
    );
    return (all ?? 0) - (local ?? 0) - (control ?? 0) - (moved ?? 0);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.proxy.stop();
  }
}

/** A port that is free on one address may be taken on another: then others are tried. */
async function startOnFreePorts(options: TestDeploymentOptions, log: Logger) {
  for (let attempt = 1; ; attempt++) {
    const found = options.databases.map(() => findClusterPort());
    const ports = options.ports ?? (await Promise.all(found));
    try {
      return {
        proxy: await SlotgateProxy.start(await deploymentConfig(options, ports), { log }),
        ports,
      };
    } catch (error) {
      const isTaken = error instanceof ProxyError && error.code === 'address_in_use';
      if (!isTaken || options.ports !== undefined || attempt === START_ATTEMPTS) {
        throw error;
      }
    }
  }
}

/** What a process of the deployment runs with. */
export async function deploymentConfig(
  { databases, process = {}, nodes = [], hosted }: TestDeploymentOptions,
  ports: readonly number[],
): Promise<DeploymentConfig> {
  const allNodes = NODE_HOSTS.map((address, index) => ({
    id: `node${index + 1}`,
    address,
    ...nodes[index],
  }));
  const file = {
    ...process,
    node: 'node1',
    nodes: allNodes,
    databases: databases.map((entry, index) => ({
      name: `db${index + 1}`,
      port: ports[index],
      ...entry,
    })),
  };
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-deployment-'));
  try {
    const configFile = join(folder, 'slotgate.yaml');
    writeFileSync(configFile, JSON.stringify(file));
    const inputs = { flags: {}, env: {}, configFile, passwordFromStdin: undefined };
    const loaded = await loadConfig({ ...inputs, form: 'nodes' }, async (sources) =>
      resolveConfig(sources, CONFIG_CHECKS),
    );
    if (loaded.kind === 'invalid') {
      throw new Error(JSON.stringify(loaded.problems));
    }
    return playing(loaded.config, hosted ?? allNodes.map(({ id }) => id));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same deployment in a process that plays these nodes. */
function playing(config: DeploymentConfig, hosted: readonly string[]): DeploymentConfig {
  const nodes = config.nodes.filter(({ id }) => hosted.includes(id));
  const databases = config.databases.map((database) => {
    const { port } = database;
    const endpoints = nodes.map(({ id, address }) => ({
      node: id,
      listen: [{ kind: 'tcp', host: address, port } as const],
    }));
    const listen = endpoints.flatMap((endpoint) => endpoint.listen);
    const texts = { ...database.values, listen: listen.map(formatAddress) };
    return { ...database, endpoints, listen, values: texts };
  });
  return { ...config, hosted, databases };
}

function collectingLog(lines: string[]): Logger {
  const add = (message: string, fields: LogFields = {}) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { debug: () => undefined, info: add, warn: add, error: add };
}
