import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { TestClient } from './resp-client.js';

export interface LoadOptions {
  /** Whose marks end up in the data; unique among clients that run at once. */
  readonly name: string;
  /** Lists that nobody else writes to. */
  readonly lists: readonly string[];
  /** Keys that exist for the whole run, with their values. */
  readonly fixed: ReadonlyMap<string, string>;
  /** Requests over several keys of one slot, or of several slots, all of them in `fixed`. */
  readonly groups: readonly (readonly string[])[];
  /** Between two rounds, so that others get something done, too; by default one turn. */
  readonly pauseMs?: number;
}

const ROUNDS_UNANSWERED_MAX = 8;

/** What a list must hold after the run. */
export interface ListOutcome {
  readonly sent: number;
  readonly acknowledged: ReadonlySet<number>;
}

/**
 * Requests of one connection, many unanswered at a time, whose replies all tell whether they are the
 * right ones: pushes of increasing numbers, reads of known values, and echoes.
 */
export class Load {
  readonly #client: TestClient;
  readonly #options: LoadOptions;
  readonly #outcomes = new Map<string, { sent: number; acknowledged: Set<number> }>();
  readonly #writeErrors: string[] = [];
  readonly #readErrors: string[] = [];
  readonly #wrong: string[] = [];
  #requests = 0;

  constructor(client: TestClient, options: LoadOptions) {
    this.#client = client;
    this.#options = options;
    for (const list of options.lists) {
      this.#outcomes.set(list, { sent: 0, acknowledged: new Set() });
    }
  }

  /** Requests answered, errors included. */
  get requests(): number {
    return this.#requests;
  }

  /** Replies that do not belong to their requests. */
  get wrongReplies(): readonly string[] {
    return this.#wrong;
  }

  get writeErrors(): readonly string[] {
    return this.#writeErrors;
  }

  get readErrors(): readonly string[] {
    return this.#readErrors;
  }

  get outcomes(): ReadonlyMap<string, ListOutcome> {
    return this.#outcomes;
  }

  /** Goes on until `isOver`, then waits for the replies that are missing. */
  async run(isOver: () => boolean): Promise<void> {
    const { pauseMs } = this.#options;
    const unanswered: Promise<unknown>[] = [];
    while (!isOver()) {
      unanswered.push(Promise.all(this.#round()));
      if (unanswered.length >= ROUNDS_UNANSWERED_MAX) {
        await unanswered.shift();
      }
      await (pauseMs === undefined ? turn() : sleep(pauseMs));
    }
    await Promise.all(unanswered);
  }

  #round(): Promise<void>[] {
    const { lists, fixed, groups, name } = this.#options;
    const nonce = `${name}:${this.#requests}`;
    return [
      ...lists.map((list) => this.#push(list)),
      ...[...fixed].map(([key, value]) => this.#read(['GET', key], value)),
      this.#read(['ECHO', nonce], nonce),
      ...groups.map((group) =>
        this.#read(
          ['MGET', ...group],
          group.map((key) => fixed.get(key) ?? null),
        ),
      ),
      ...groups.map((group) => this.#read(['EXISTS', ...group], group.length)),
    ];
  }

  async #push(list: string): Promise<void> {
    const outcome = this.#outcomes.get(list);
    if (outcome === undefined) {
      throw new Error(`no list ${list}`);
    }
    const token = outcome.sent++;
    try {
      const reply = await this.#client.call('RPUSH', list, token);
      outcome.acknowledged.add(token);
      // The list's length tells which push this is the reply of, unless one before it failed.
      if (this.#writeErrors.length === 0 && reply !== token + 1) {
        this.#wrong.push(`RPUSH ${list} ${token}: ${String(reply)}`);
      }
    } catch (error) {
      this.#writeErrors.push(String(error));
    }
    this.#requests++;
  }

  async #read(args: readonly string[], expected: unknown): Promise<void> {
    try {
      const reply = await this.#client.call(...args);
      if (JSON.stringify(reply) !== JSON.stringify(expected)) {
        this.#wrong.push(`${args.join(' ')}: ${JSON.stringify(reply)}`);
      }
    } catch (error) {
      this.#readErrors.push(`${args[0]}: ${String(error)}`);
    }
    this.#requests++;
  }
}
