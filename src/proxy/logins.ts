import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ProxyError } from '../errors/index.js';
import {
  ControlConnection,
  type Endpoint,
  type LoginSecret,
  NO_CREDENTIALS,
} from '../shards/index.js';
import { SYSTEM_CLOCK, type TopologyMonitor } from '../topology/index.js';
import { AttemptLimiter } from './attempt-limiter.js';

const DEFAULT_USER = 'default';
/** Servers that are asked before a log-in fails for want of an answer. */
const SERVERS_MAX = 3;
/** How long a server's yes is believed. A no is asked for again each time. */
const BELIEVED_MS = 30_000;
/** Users whose last log-in is remembered; the one that logged in longest ago is forgotten first. */
const REMEMBERED_MAX = 10_000;
/** Log-ins that are tried at a time: each takes a connection of a server. */
const RUNNING_MAX = 16;
/** Refusals that say nothing about the secret: another server may know. */
const NOT_NOW = /^(LOADING|MASTERDOWN|CLUSTERDOWN|ERR max number of clients)/;

/** What a client is told that could not be tried, for too many of its address wait already. */
const TOO_MANY = 'ERR too many failed log-ins from this address; try again later';

interface Verified {
  readonly digest: Buffer;
  readonly untilMs: number;
}

/** Tries clients' secrets at the servers. The proxy's own credentials play no part in it. */
export class Logins {
  readonly #monitor: TopologyMonitor;
  readonly #connectTimeoutMs: number;
  readonly #waiting: (() => void)[] = [];
  /** By a digest of the secret: whoever comes with the same one meanwhile shares the attempt. */
  readonly #attempts = new Map<string, Promise<string | null>>();
  readonly #limiter = new AttemptLimiter(SYSTEM_CLOCK);
  /** The secret that a server accepted last, by user: only that one is the links' secret, too. */
  readonly #verified = new Map<string, Verified>();
  /** Against tables of digests, should memory be read. */
  readonly #salt = randomBytes(16);
  #rights = 0;
  #running = 0;

  constructor(monitor: TopologyMonitor, connectTimeoutMs: number) {
    this.#monitor = monitor;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /**
   * @param address Whoever fails often from here has to wait.
   * @returns The server's refusal without its dash, or null if it let the user in, now or a moment
   * ago.
   * @throws ProxyError if no server could be asked.
   */
  async refusalOf(secret: LoginSecret, address: string): Promise<string | null> {
    const digest = this.#digestOf(secret);
    if (this.#isVerified(secret, digest)) {
      return null;
    }
    const key = digest.toString('hex');
    const running = this.#attempts.get(key);
    if (running !== undefined) {
      return running;
    }
    const attempt = this.#attempt(secret, digest, address);
    this.#attempts.set(key, attempt);
    const forget = () => this.#attempts.delete(key);
    attempt.then(forget, forget);
    return attempt;
  }

  /** Servers may decide otherwise from now on, about one user or about all. */
  forget(username?: string): void {
    this.#rights++;
    if (username === undefined) {
      this.#verified.clear();
    } else {
      this.#verified.delete(username);
    }
  }

  async #attempt(secret: LoginSecret, digest: Buffer, address: string): Promise<string | null> {
    const rights = this.#rights;
    const refusal = await this.#limiter.run(address, () => this.#inTurn(() => this.#try(secret)));
    if (refusal === null && rights === this.#rights) {
      this.#remember(secret, digest);
    }
    return refusal === undefined ? TOO_MANY : refusal;
  }

  #remember({ username = DEFAULT_USER }: LoginSecret, digest: Buffer): void {
    this.#verified.delete(username);
    this.#verified.set(username, { digest, untilMs: performance.now() + BELIEVED_MS });
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size <= REMEMBERED_MAX) {
        break;
      }
      this.#verified.delete(oldest);
    }
  }

  #isVerified({ username = DEFAULT_USER }: LoginSecret, digest: Buffer): boolean {
    const known = this.#verified.get(username);
    return (
      known !== undefined &&
      performance.now() < known.untilMs &&
      timingSafeEqual(known.digest, digest)
    );
  }

  #digestOf({ username = DEFAULT_USER, password }: LoginSecret): Buffer {
    return createHash('sha256')
      .update(this.#salt)
      .update(JSON.stringify([username, password]))
      .digest();
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
