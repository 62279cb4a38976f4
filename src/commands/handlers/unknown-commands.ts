import { ProxyError } from '../../errors/index.js';
import type { RespReply } from '../../resp/index.js';

/** How long the servers' answer about a name is believed. */
const ASK_AGAIN_AFTER_MS = 60_000;
/** Names that clients invent must not fill the memory: the oldest are forgotten. */
const NAMES_MAX = 1_000;

interface Inquiry {
  readonly askedAtMs: number;
  readonly replies: Promise<readonly RespReply[]>;
}

/**
 * Remembers which unknown command names the servers were asked about, so that a module that was
 * loaded later is found, and a client that repeats a wrong name costs them one question a minute.
 */
export class UnknownCommands {
  readonly #inquiries = new Map<string, Inquiry>();
  readonly #nowMs: () => number;

  /** @param nowMs A clock that never goes back, in milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * The servers' replies about `name`, from `ask` or from a question that is younger than a minute.
   * None if they could not be asked, which is not remembered.
   */
  async repliesAbout(
    name: string,
    ask: () => Promise<readonly RespReply[]>,
  ): Promise<readonly RespReply[]> {
    const known = this.#inquiries.get(name);
    const inquiry =
      known !== undefined && this.#nowMs() - known.askedAtMs < ASK_AGAIN_AFTER_MS
        ? known
        : this.#remember(name, { askedAtMs: this.#nowMs(), replies: ask() });
    try {
      return await inquiry.replies;
    } catch (error) {
      if (this.#inquiries.get(name) === inquiry) {
        this.#inquiries.delete(name);
      }
      if (error instanceof ProxyError) {
        return [];
      }
      throw error;
    }
  }

  #remember(name: string, inquiry: Inquiry): Inquiry {
    this.#inquiries.delete(name);
    this.#inquiries.set(name, inquiry);
    for (const oldest of this.#inquiries.keys()) {
      if (this.#inquiries.size <= NAMES_MAX) {
        break;
      }
      this.#inquiries.delete(oldest);
    }
    return inquiry;
  }
}
