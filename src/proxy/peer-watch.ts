import type { Clock } from '../topology/index.js';

/** Where a process tells which of its endpoints are open. */
export const LISTENING_PATH = '/listening';

/** By the id of a node, the names of the databases whose port is open on it. */
export type Listening = Readonly<Record<string, readonly string[]>>;

/** What a peer's process answered. */
export interface PeerReport {
  /** It is being stopped: nobody should be sent there any more. */
  readonly isLeaving: boolean;
  /** null: it does not tell. */
  readonly listening: Listening | null;
}

export interface PeerWatchOptions {
  readonly clock: Clock;
  /** Rejects if the peer's process is not healthy, or cannot be asked within a second. */
  readonly ask: () => Promise<PeerReport>;
  /** Something about the peer is other than before. */
  readonly changed: () => void;
}

const PERIOD_MS = 1_000;
const FAILURES_MAX = 3;
/** Why a node is down whose process is about to end. */
export const IS_LEAVING = 'it is being stopped';

/** Asks the process of another node every second how it is; three failures in a row: it is down. */
export class PeerWatch {
  readonly #options: PeerWatchOptions;
  #failures = 0;
  #reason = '';
  #report: PeerReport | null = null;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: PeerWatchOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** True until the third failure, so that nodes may start in any order. */
  get isUp(): boolean {
    return this.#failures < FAILURES_MAX && !this.#isLeaving;
  }

  /** Why it is down; '' if it is up. */
  get downReason(): string {
    if (this.isUp) {
      return '';
    }
    return this.#isLeaving ? IS_LEAVING : this.#reason;
  }

  /** Whether the database's port is open on the node; null if the peer does not tell. */
  listens(node: string, database: string): boolean | null {
    if (!this.isUp || this.#report === null) {
      return false;
    }
    const { listening } = this.#report;
    return listening === null ? null : listening[node]?.includes(database) === true;
  }

  get #isLeaving(): boolean {
    return this.#report?.isLeaving === true;
  }

  async #ask(): Promise<void> {
    const before = this.#fingerprint();
    try {
      this.#report = await this.#options.ask();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#reason = error instanceof Error ? error.message : String(error);
    }
    if (this.#isStopped) {
      return;
    }
    this.#cancel = this.#options.clock.after(PERIOD_MS, () => void this.#ask());
    if (this.#fingerprint() !== before) {
      this.#options.changed();
    }
  }

  #fingerprint(): string {
    return JSON.stringify([this.isUp, this.#report]);
  }
}
