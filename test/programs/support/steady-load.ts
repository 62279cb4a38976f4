import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { runProgram } from '../../support/programs.js';
import { foreignPrograms } from './foreign.js';

const PYTHON_LOAD = fileURLToPath(new URL('../foreign/steady_load.py', import.meta.url));
const PYTHON_TIMEOUT_MS = 60_000;
const { python } = foreignPrograms();

/** A library with the options that it has by itself. */
export interface StockClient {
  readonly name: string;
  incr(key: string): Promise<unknown>;
  close(): void;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Clients of one server each. */
export async function openPlainClients(target: Target): Promise<readonly StockClient[]> {
  const io = new Redis(target);
  const node = createClient({ socket: target });
  for (const client of [io, node]) client.on('error', () => undefined);
  await node.connect();
  return [
    { name: 'ioredis', incr: (key) => io.incr(key), close: () => io.disconnect() },
    { name: 'node-redis', incr: (key) => node.incr(key), close: () => node.destroy() },
  ];
}

/** Clients that ask for the topology. */
export async function openClusterClients(target: Target): Promise<readonly StockClient[]> {
  const io = new Cluster([target]);
  const node = createCluster({ rootNodes: [{ socket: target }] });
  for (const client of [io, node]) client.on('error', () => undefined);
  await Promise.all([node.connect(), new Promise((resolve) => io.once('ready', resolve))]);
  return [
    { name: 'ioredis Cluster', incr: (key) => io.incr(key), close: () => io.disconnect() },
    { name: 'node-redis cluster', incr: (key) => node.incr(key), close: () => node.destroy() },
  ];
}

export interface Times {
  readonly least: number;
  readonly most: number;
}

export interface LoadOutcome {
  readonly requests: number;
  /** `name: message` of each request that failed. */
  readonly failures: readonly string[];
  /** By key, how often it was incremented for all that a client knows: what failed may have been. */
  readonly executed: ReadonlyMap<string, Times>;
}

const KEYS = 200;

/** Requests of some clients, each at a steady rate whether or not the ones before are answered. */
export class SteadyLoad {
  readonly #clients: readonly StockClient[];
  readonly #prefix: string;
  readonly #failures: string[] = [];
  readonly #executed = new Map<string, Times>();
  readonly #running: Promise<void>;
  #requests = 0;
  #isOver = false;

  /** @param perSecond Requests of each client. */
  constructor(clients: readonly StockClient[], prefix: string, perSecond: number) {
    this.#clients = clients;
    this.#prefix = prefix;
    this.#running = this.#run(1_000 / perSecond);
  }

  get requests(): number {
    return this.#requests;
  }

  /** @returns When everything is answered. */
  async stop(): Promise<LoadOutcome> {
    this.#isOver = true;
    await this.#running;
    return {
      requests: this.#requests,
      failures: this.#failures,
      executed: this.#executed,
    };
  }

  async #run(periodMs: number): Promise<void> {
    const unanswered = new Set<Promise<void>>();
    while (!this.#isOver) {
      const key = `${this.#prefix}${this.#requests % KEYS}`;
      for (const client of this.#clients) {
        const request = this.#request(client, key).finally(() => unanswered.delete(request));
        unanswered.add(request);
      }
      await sleep(periodMs);
    }
    await Promise.all(unanswered);
  }

  async #request(client: StockClient, key: string): Promise<void> {
    this.#requests++;
    let isAcknowledged = true;
    try {
      await client.incr(key);
    } catch (error) {
      isAcknowledged = false;
      this.#failures.push(`${client.name}: ${describe(error)}`);
    }
    const { least, most } = this.#executed.get(key) ?? { least: 0, most: 0 };
    this.#executed.set(key, { least: least + (isAcknowledged ? 1 : 0), most: most + 1 });
  }
}

/** Some errors of libraries have no message. */
function describe(error: unknown): string {
  return error instanceof Error && error.message === '' ? error.constructor.name : String(error);
}

/**
 * The same by redis-py, until the key `<prefix>stop` exists.
 * @returns What failed, one per line; '' if nothing did, or if redis-py is not to be had.
 */
export async function runPythonLoad(
  kind: 'plain' | 'cluster',
  { host, port }: Target,
  prefix: string,
  perSecond: number,
): Promise<string> {
  if (python === undefined) {
    return '';
  }
  const args = [PYTHON_LOAD, host, String(port), kind, String(perSecond), prefix];
  const env = { ...process.env, ...python.env };
  const options = { env, timeoutMs: PYTHON_TIMEOUT_MS };
  const { output, code } = await runProgram(python.command, args, options);
  return code === 0 ? output : `${output}ended with ${code}`;
}
