import { createHash } from 'node:crypto';
import { ProxyError } from '../errors/index.js';
import {
  ControlConnection,
  type Endpoint,
  type LoginSecret,
  NO_CREDENTIALS,
} from '../shards/index.js';
import type { TopologyMonitor } from '../topology/index.js';

/** Servers that are asked before a log-in fails for want of an answer. */
const SERVERS_MAX = 3;
/** Log-ins that are tried at a time: each takes a connection of a server. */
const RUNNING_MAX = 16;
/** Refusals that say nothing about the secret: another server may know. */
const NOT_NOW = /^(LOADING|MASTERDOWN|CLUSTERDOWN|ERR max number of clients)/;

/** Tries clients' secrets at the servers. The proxy's own credentials play no part in it. */
export class Logins {
  readonly #monitor: TopologyMonitor;
  readonly #connectTimeoutMs: number;
  readonly #waiting: (() => void)[] = [];
  /** By a digest of the secret: whoever comes with the same one meanwhile shares the attempt. */
  readonly #attempts = new Map<string, Promise<string | null>>();
  #running = 0;

  constructor(monitor: TopologyMonitor, connectTimeoutMs: number) {
    this.#monitor = monitor;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /**
   * @returns The server's refusal without its dash, or null if it let the user in.
   * @throws ProxyError if no server could be asked.
   */
  refusalOf(secret: LoginSecret): Promise<string | null> {
    const { username, password } = secret;
    const key = createHash('sha256')
      .update(JSON.stringify([username, password]))
      .digest('hex');
    const running = this.#attempts.get(key);
    if (running !== undefined) {
      return running;
    }
    const attempt = this.#inTurn(() => this.#try(secret));
    this.#attempts.set(key, attempt);
    const forget = () => this.#attempts.delete(key);
    attempt.then(forget, forget);
    return attempt;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= RUNNING_MAX) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#running--;
      } else {
        next();
      }
    }
  }

  async #try(secret: LoginSecret): Promise<string | null> {
    let failure = new ProxyError('topology_missing', 'no server of the cluster is known to be up');
    for (const endpoint of this.#someServers()) {
      try {
        const refusal = await this.#tryAt(endpoint, secret);
        if (refusal === null || !NOT_NOW.test(refusal)) {
          return refusal;
        }
        failure = new ProxyError('server_loading', refusal);
      } catch (error) {
        if (!(error instanceof ProxyError)) {
          throw error;
        }
        failure = error;
      }
    }
    throw failure;
  }

  /** Beginning anywhere, so that no server gets all log-ins. */
  #someServers(): readonly Endpoint[] {
    const { servers = [] } = this.#monitor.topology ?? {};
    const healthy = servers.filter(({ flags, role }) => flags.length === 0 && role === 'primary');
    const first = Math.floor(Math.random() * healthy.length);
    return [...healthy.slice(first), ...healthy.slice(0, first)]
      .slice(0, SERVERS_MAX)
      .map(({ address }) => address);
  }

  async #tryAt(endpoint: Endpoint, { username, password }: LoginSecret): Promise<string | null> {
    const connection = await ControlConnection.open({
      endpoint,
      credentials: NO_CREDENTIALS,
      connectTimeoutMs: this.#connectTimeoutMs,
    });
    try {
      const words = username === undefined ? [password] : [username, password];
      const answer = await connection.call(['AUTH', ...words]);
      return answer.kind === 'error' ? answer.message : null;
    } finally {
      connection.close();
    }
  }
}
