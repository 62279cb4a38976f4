import type { ClientRecord, QueryReport } from './types.js';

/** What all workers together answered. */
export interface QueryResult {
  readonly clients: readonly ClientRecord[];
  readonly count: number;
}

interface Pending {
  readonly clients: ClientRecord[];
  readonly resolve: (result: QueryResult) => void;
  count: number;
  workersLeft: number;
}

/** Questions and orders to all workers that somebody waits for. */
export class Queries {
  readonly #workers: number;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** @param post Hands the query's number to all workers, each of which reports until it is done. */
  ask(post: (query: number) => void): Promise<QueryResult> {
    this.#last = (this.#last + 1) % 0x1_0000_0000;
    const query = this.#last;
    return new Promise((resolve) => {
      this.#pending.set(query, { clients: [], resolve, count: 0, workersLeft: this.#workers });
      post(query);
    });
  }

  take(report: QueryReport): void {
    const pending = this.#pending.get(report.query);
    if (pending === undefined) {
      return;
    }
    pending.clients.push(...report.clients);
    pending.count += report.count;
    pending.workersLeft -= report.isDone ? 1 : 0;
    if (pending.workersLeft === 0) {
      this.#pending.delete(report.query);
      pending.resolve(pending);
    }
  }

  /** The workers have ended: whoever waits gets what there is. */
  end(): void {
    for (const pending of this.#pending.values()) {
      pending.resolve(pending);
    }
    this.#pending.clear();
  }
}
