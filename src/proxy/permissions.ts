import type { CommandArguments, RespReply } from '../resp/index.js';

/** How long a server's verdict is believed. */
const BELIEVED_MS = 5_000;
/** Verdicts that are remembered; clients choose the arguments. */
const VERDICTS_MAX = 1_000;
/** Arguments beyond these are not compared: INFO and CONFIG GET have few. */
const ARGUMENTS_MAX = 64;

interface Verdict {
  readonly askedAtMs: number;
  readonly refusal: Promise<string | null>;
}

/** What users of the servers may do, where the proxy answers for a server. */
export class Permissions {
  readonly #verdicts = new Map<string, Verdict>();
  readonly #execute: (args: CommandArguments) => Promise<RespReply>;

  constructor(execute: (args: CommandArguments) => Promise<RespReply>) {
    this.#execute = execute;
  }

  /**
   * Asks a server, with ACL DRYRUN, whether `user` may run the command.
   * @returns The refusal without its dash, in the server's words, or null: it may. A user is refused,
   * too, if the proxy's own user may not ask.
   * @throws ProxyError if no server could be asked.
   */
  async refusalOf(user: string, args: readonly Buffer[]): Promise<string | null> {
    const shown = args.slice(0, ARGUMENTS_MAX);
    const key = [user, ...shown.map((arg) => arg.toString('hex'))].join(' ');
    const known = this.#verdicts.get(key);
    if (known !== undefined && performance.now() - known.askedAtMs < BELIEVED_MS) {
      return known.refusal;
    }
    const refusal = this.#ask(user, shown);
    this.#verdicts.delete(key);
    this.#verdicts.set(key, { askedAtMs: performance.now(), refusal });
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= VERDICTS_MAX) {
        break;
      }
      this.#verdicts.delete(oldest);
    }
    try {
      return await refusal;
    } catch (error) {
      this.#verdicts.delete(key);
      throw error;
    }
  }

  /** Forgets all verdicts: rights have changed. */
  forget(): void {
    this.#verdicts.clear();
  }

  async #ask(user: string, args: readonly Buffer[]): Promise<string | null> {
    const reply = await this.#execute(['ACL', 'DRYRUN', user, ...args]);
    if (reply.kind === 'string') {
      const text = reply.bytes.toString();
      return text === 'OK' ? null : `NOPERM ${inWordsOfARefusal(text)}`;
    }
    const reason = reply.kind === 'error' ? reply.message : 'an unexpected reply';
    return `NOPERM the proxy may not ask the servers what user '${user}' may do (ACL DRYRUN: ${reason})`;
  }
}

/** Redis 7.0 words the verdict of a dry run otherwise than the refusal of the command itself. */
function inWordsOfARefusal(verdict: string): string {
  const [, what] =
    /^This user has no permissions to access the '.*' (key|channel)$/s.exec(verdict) ?? [];
  return what === undefined
    ? verdict.replace(/^This user/, 'this user')
    : `this user has no permissions to access one of the ${what}s used as arguments`;
}
