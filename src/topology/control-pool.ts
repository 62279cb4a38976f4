import { ProxyError } from '../errors/index.js';
import {
  ControlConnection,
  type Credentials,
  type Endpoint,
  formatEndpoint,
} from '../shards/index.js';
import type { Clock } from './clock.js';

export interface ControlPoolOptions {
  readonly credentials: Credentials;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

interface PooledConnection {
  readonly opening: Promise<ControlConnection>;
  lastUsedMs: number;
}

/** The proxy's own connections, at most one per endpoint, opened when they are needed. */
export class ControlPool {
  readonly #options: ControlPoolOptions;
  readonly #connections = new Map<string, PooledConnection>();
  #isClosed = false;

  constructor(options: ControlPoolOptions) {
    this.#options = options;
  }

  /** An open connection. @throws ProxyError as `ControlConnection.open` does. */
  async get(endpoint: Endpoint): Promise<ControlConnection> {
    if (this.#isClosed) {
      throw new ProxyError('connection_lost', 'the proxy is stopping');
    }
    const key = formatEndpoint(endpoint);
    const nowMs = this.#options.clock.nowMs();
    const pooled = this.#connections.get(key);
    if (pooled !== undefined) {
      const connection = await pooled.opening;
      if (connection.isOpen) {
        pooled.lastUsedMs = nowMs;
        return connection;
      }
      this.#forget(key, pooled);
      return this.get(endpoint);
    }
    return this.#open(key, endpoint, nowMs);
  }

  /** Closes what was not used for `idleMs`, so that a quiet proxy holds one connection. */
  closeIdle(idleMs: number): void {
    const oldestMs = this.#options.clock.nowMs() - idleMs;
    for (const [key, pooled] of this.#connections) {
      if (pooled.lastUsedMs < oldestMs) {
        this.#close(key, pooled);
      }
    }
  }

  /** Closes everything for good. */
  close(): void {
    this.#isClosed = true;
    for (const [key, pooled] of this.#connections) {
      this.#close(key, pooled);
    }
  }

  async #open(key: string, endpoint: Endpoint, nowMs: number): Promise<ControlConnection> {
    const { credentials, connectTimeoutMs } = this.#options;
    const opening = ControlConnection.open({ endpoint, credentials, connectTimeoutMs });
    const pooled: PooledConnection = { opening, lastUsedMs: nowMs };
    this.#connections.set(key, pooled);
    try {
      const connection = await opening;
      if (this.#isClosed) {
        connection.close();
      }
      return connection;
    } catch (error) {
      this.#forget(key, pooled);
      throw error;
    }
  }

  #close(key: string, pooled: PooledConnection): void {
    this.#forget(key, pooled);
    pooled.opening.then(
      (connection) => connection.close(),
      () => undefined, // It never opened; whoever asked for it has been told.
    );
  }

  #forget(key: string, pooled: PooledConnection): void {
    if (this.#connections.get(key) === pooled) {
      this.#connections.delete(key);
    }
  }
}
