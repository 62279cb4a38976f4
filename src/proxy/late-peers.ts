import type { Clock } from '../topology/index.js';

/** How long a chosen node of another process may take to listen before one does without it. */
export const PATIENCE_MS = 5_000;

export interface LatePeersOptions {
  readonly clock: Clock;
  /** Whether clients can connect there; true where nobody can tell. */
  readonly listens: (node: string) => boolean;
  /** The choice may be another one now. */
  readonly changed: () => void;
}

/**
 * Nodes whose process lives, and that should listen and do not: their address may be taken there, or
 * their cluster out of reach. Others are chosen for them until they listen.
 */
export class LatePeers {
  readonly #options: LatePeersOptions;
  /** Since when nodes that do not listen have been chosen. */
  #chosenSinceMs: ReadonlyMap<string, number> = new Map();
  #cancel: (() => void) | undefined;

  constructor(options: LatePeersOptions) {
    this.#options = options;
  }

  /**
   * @param choose Ids of the nodes that are to listen, as far as they are not among `late`.
   * @returns Its choice without those that are late; with them if nobody would be left.
   */
  choose(choose: (late: readonly string[]) => readonly string[]): readonly string[] {
    const { clock, listens } = this.#options;
    const nowMs = clock.nowMs();
    const since = new Map<string, number>();
    const late: string[] = [];
    const first = choose(late);
    let chosen = first;
    for (;;) {
      for (const node of chosen.filter((id) => !listens(id))) {
        since.set(node, this.#chosenSinceMs.get(node) ?? nowMs);
      }
      const isLate = (id: string) => nowMs - (since.get(id) ?? nowMs) >= PATIENCE_MS;
      const lateNow = chosen.filter(isLate);
      if (lateNow.length === 0) {
        break;
      }
      late.push(...lateNow);
      chosen = choose(late);
    }
    this.#chosenSinceMs = since;
    this.#lookLater(nowMs);
    return chosen.length > 0 ? chosen : first;
  }

  stop(): void {
    this.#cancel?.();
  }

  #lookLater(nowMs: number): void {
    const ends = [...this.#chosenSinceMs.values()].map((sinceMs) => sinceMs + PATIENCE_MS);
    const nextMs = Math.min(...ends.filter((endMs) => endMs > nowMs));
    this.#cancel?.();
    this.#cancel = Number.isFinite(nextMs)
      ? this.#options.clock.after(nextMs - nowMs, this.#options.changed)
      : undefined;
  }
}
