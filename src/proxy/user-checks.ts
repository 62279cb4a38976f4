import { ProxyError } from '../errors/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import type { Clock } from '../topology/index.js';

/** Several connections of a deleted user end at once, at one server after the other. */
const GATHER_MS = 100;

export interface UserCheckOptions {
  readonly clock: Clock;
  readonly nameOf: (user: number) => string;
  /** One reply of every primary. @throws ProxyError if one of them cannot be asked. */
  readonly ask: (args: CommandArguments) => Promise<readonly RespReply[]>;
  /** No server knows the user any more. */
  readonly deleted: (user: number) => Promise<void>;
}

/**
 * Finds out whether users still exist whose connections end or cannot be opened. A user that one
 * server still knows is not deleted, only on its way; so is one if a server cannot be asked.
 */
export class UserChecks {
  readonly #options: UserCheckOptions;
  readonly #suspected = new Set<number>();
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: UserCheckOptions) {
    this.#options = options;
  }

  /** Cheap: any number of calls in a moment are one question. */
  suspect(user: number): void {
    this.#suspected.add(user);
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #schedule(): void {
    if (this.#cancel === undefined && !this.#isStopped) {
      this.#cancel = this.#options.clock.after(GATHER_MS, () => void this.#run());
    }
  }

  async #run(): Promise<void> {
    const suspected = [...this.#suspected];
    this.#suspected.clear();
    for (const user of suspected) {
      if (!this.#isStopped && (await this.#isDeleted(user))) {
        await this.#options.deleted(user);
      }
    }
    this.#cancel = undefined;
    if (this.#suspected.size > 0) {
      this.#schedule();
    }
  }

  /** By the one question for which the proxy needs rights anyway. */
  async #isDeleted(user: number): Promise<boolean> {
    try {
      const replies = await this.#options.ask([
        'ACL',
        'DRYRUN',
        this.#options.nameOf(user),
        'PING',
      ]);
      return (
        replies.length > 0 &&
        replies.every((reply) => reply.kind === 'error' && isUnknownUser(reply.message))
      );
    } catch (error) {
      if (error instanceof ProxyError) {
        return false;
      }
      throw error;
    }
  }
}

function isUnknownUser(message: string): boolean {
  return /^ERR User '.*' not found/s.test(message);
}
