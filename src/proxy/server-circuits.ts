import type { DataPlaneEvent } from '../native/index.js';

/**
 * closed: the server is connected to when it is needed. open: the last attempt failed; requests wait, and
 * the next attempt is made after a delay. half_open: one attempt is on its way, and everybody waits for it.
 */
export type CircuitState = 'closed' | 'half_open' | 'open';

/** From the best to the worst; a figure of a metric is a place in it. */
export const CIRCUIT_STATES: readonly CircuitState[] = ['closed', 'half_open', 'open'];

/** The states of the circuits to the servers of one database, as the workers tell them. */
export class ServerCircuits {
  /** Of servers whose circuit is not closed everywhere: states by worker. */
  readonly #troubled = new Map<string, Map<number, CircuitState>>();

  /** @param event Of kind `circuit`. */
  note({ server, count: worker, text }: Pick<DataPlaneEvent, 'server' | 'count' | 'text'>): void {
    const states = this.#troubled.get(server) ?? new Map<number, CircuitState>();
    const state = CIRCUIT_STATES.find((known) => known === text);
    if (state === undefined || state === 'closed') {
      states.delete(worker);
    } else {
      states.set(worker, state);
    }
    if (states.size === 0) {
      this.#troubled.delete(server);
    } else {
      this.#troubled.set(server, states);
    }
  }

  /** The worst that a worker says of the server. */
  of(server: string): CircuitState {
    const states = [...(this.#troubled.get(server)?.values() ?? [])];
    return CIRCUIT_STATES.findLast((state) => states.includes(state)) ?? 'closed';
  }

  /** Forgets all other servers. */
  keepOnly(servers: readonly string[]): void {
    for (const server of this.#troubled.keys()) {
      if (!servers.includes(server)) {
        this.#troubled.delete(server);
      }
    }
  }
}
