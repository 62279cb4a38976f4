import type { ChannelHistory } from './channel-history.js';
import { kindOf } from './error-kinds.js';
import type { ListHistory } from './list-history.js';
import { classOf, type Operation, type Pending } from './operations.js';
import type { QueueHistory } from './queue-history.js';
import { RecoveryWatch } from './recovery-watch.js';
import type { StaleRead } from './register-history.js';
import { SuccessTimes } from './success-times.js';

export interface ErrorRecord extends Pending {
  readonly at: number;
  readonly message: string;
}

export interface OperationCount {
  succeeded: number;
  failed: number;
  slowestMs: number;
}

const RECORDS_MAX = 50_000;

/** The history of a run, as its clients write it down. What is kept of each request is bounded. */
export class Recorder {
  readonly lists: ListHistory[] = [];
  /** Lists that transactions write to together: both have the same tokens. */
  readonly twins: (readonly [ListHistory, ListHistory])[] = [];
  readonly queues: QueueHistory[] = [];
  readonly channels: ChannelHistory[] = [];
  readonly counts = new Map<Operation, OperationCount>();
  readonly errors: ErrorRecord[] = [];
  readonly mismatches: string[] = [];
  readonly staleReads: StaleRead[] = [];
  readonly #now: () => number;
  readonly #open = new Set<Pending>();
  readonly #reads = new SuccessTimes();
  readonly #writes = new SuccessTimes();
  #watches: RecoveryWatch[] = [];
  #dropped = 0;

  /** @param now Ms since the run began. */
  constructor(now: () => number) {
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  /** Requests that have no reply yet. */
  get open(): ReadonlySet<Pending> {
    return this.#open;
  }

  /** Observations that there was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  begin(request: Omit<Pending, 'sentAt'>): Pending {
    const pending = { ...request, sentAt: this.#now() };
    this.#open.add(pending);
    return pending;
  }

  /** @returns When. */
  succeed(pending: Pending): number {
    const at = this.#close(pending, 'succeeded');
    const kind = classOf(pending.operation);
    for (const slot of pending.slots) {
      if (kind === 'read') this.#reads.succeeded(slot, at);
      if (kind === 'write') this.#writeSucceeded(slot, at);
    }
    return at;
  }

  /** @returns Whether it was executed. */
  fail(pending: Pending, error: unknown): 'no' | 'unknown' {
    const at = this.#close(pending, 'failed');
    const message = error instanceof Error ? error.message : String(error);
    this.#keep(this.errors, { ...pending, at, message });
    return kindOf(message).executed;
  }

  /** A reply that cannot be the one to this request. */
  mismatch(pending: Pick<Pending, 'operation' | 'client'>, detail: string): void {
    const { operation, client } = pending;
    this.#keep(
      this.mismatches,
      `${client}, ${operation}, ${Math.round(this.#now())} ms: ${detail}`,
    );
  }

  /** A read that went back. */
  stale(read: StaleRead): void {
    this.#keep(this.staleReads, read);
  }

  /** From now on, writes that succeed show which of the slots have recovered. */
  watchRecovery(slots: readonly number[]): RecoveryWatch {
    const watch = new RecoveryWatch(slots);
    this.#watches.push(watch);
    return watch;
  }

  /** For how long nothing succeeded on one of the slots. */
  blackout(slots: readonly number[], from: number, to: number) {
    const now = this.#now();
    return {
      read: this.#reads.longestGap(slots, from, to, now),
      write: this.#writes.longestGap(slots, from, to, now),
    };
  }

  #writeSucceeded(slot: number, at: number): void {
    this.#writes.succeeded(slot, at);
    for (const watch of this.#watches) watch.succeeded(slot, at);
    if (this.#watches.length > 0) {
      this.#watches = this.#watches.filter((watch) => !watch.isComplete);
    }
  }

  #close(pending: Pending, result: 'succeeded' | 'failed'): number {
    const at = this.#now();
    this.#open.delete(pending);
    const count = this.counts.get(pending.operation) ?? { succeeded: 0, failed: 0, slowestMs: 0 };
    count[result]++;
    count.slowestMs = Math.max(count.slowestMs, at - pending.sentAt);
    this.counts.set(pending.operation, count);
    return at;
  }

  #keep<T>(list: T[], item: T): void {
    if (list.length < RECORDS_MAX) list.push(item);
    else this.#dropped++;
  }
}
