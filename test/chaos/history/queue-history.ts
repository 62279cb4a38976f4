import { ListHistory } from './list-history.js';

/** A token that came out of a queue when it should not have. */
export interface OddPop {
  readonly token: string;
  readonly at: number;
}

export interface RepeatedPop extends OddPop {
  readonly firstAt: number;
}

/** A token that a client got behind a younger one, which it had at `firstAt`. */
export interface LatePop extends RepeatedPop {
  readonly index: number;
  readonly younger: number;
}

const ODD_MAX = 1_000;

/** A list that one client writes to, and from which others pop. */
export class QueueHistory {
  readonly list: ListHistory;
  readonly #poppedAt = new Map<number, number>();
  readonly #last = new Map<string, number>();
  readonly #foreign: OddPop[] = [];
  readonly #repeated: RepeatedPop[] = [];
  readonly #disordered: LatePop[] = [];
  #unknownPops = 0;

  constructor(name: string, key: string, slot: number) {
    this.list = new ListHistory(name, key, slot);
  }

  popped(consumer: string, token: string, at: number): void {
    const index = this.list.indexOf(token);
    if (index === undefined) {
      keep(this.#foreign, { token, at });
      return;
    }
    const firstAt = this.#poppedAt.get(index);
    if (firstAt !== undefined) keep(this.#repeated, { token, at, firstAt });
    const last = this.#last.get(consumer) ?? -1;
    if (index < last) {
      const youngerAt = this.#poppedAt.get(last) ?? at;
      keep(this.#disordered, { token, index, younger: last, at, firstAt: youngerAt });
    }
    this.#last.set(consumer, index);
    this.#poppedAt.set(index, firstAt ?? at);
  }

  /** A pop whose outcome nobody knows: it may have taken one. */
  popUnknown(): void {
    this.#unknownPops++;
  }

  get unknownPops(): number {
    return this.#unknownPops;
  }

  poppedAt(index: number): number | undefined {
    return this.#poppedAt.get(index);
  }

  /** What nobody had sent. */
  get foreign(): readonly OddPop[] {
    return this.#foreign;
  }

  get repeated(): readonly RepeatedPop[] {
    return this.#repeated;
  }

  get disordered(): readonly LatePop[] {
    return this.#disordered;
  }
}

function keep<T>(list: T[], item: T): void {
  if (list.length < ODD_MAX) list.push(item);
}
