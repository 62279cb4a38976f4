import { ListHistory } from '../history/list-history.js';
import { type Actor, inRounds, type LoadContext, type Tag } from './actor.js';
import type { Session } from './session.js';

const PAUSE_MS = 40;
const WAIT_TIMEOUT_MS = 1_000;
const TOKENS_MAX = 1_000;

/** Writes to one slot, with WAIT 1 behind each: what that confirms is never lost. */
export class SafeWriter implements Actor {
  readonly #session: Session;
  readonly #context: LoadContext;
  readonly #tag: Tag;
  #list: ListHistory | undefined;

  constructor(session: Session, context: LoadContext, tag: Tag) {
    this.#session = session;
    this.#context = context;
    this.#tag = tag;
  }

  async run(): Promise<void> {
    await this.#session.connect();
    // One round at a time: WAIT is about everything that was written before it.
    await inRounds(this.#context, { pauseMs: PAUSE_MS, unansweredMax: 1 }, () => this.#write());
  }

  close(): void {
    this.#session.close();
  }

  async #write(): Promise<void> {
    const list = this.#currentList();
    const index = list.log.add();
    const push = this.#session.request({
      operation: 'push',
      slots: [this.#tag.slot],
      args: ['RPUSH', list.key, list.token(index)],
      accept: (reply, at) => {
        if (typeof reply !== 'number') return `got ${JSON.stringify(reply)}, not a length`;
        list.log.acknowledge(index, at, reply);
        return undefined;
      },
    });
    const wait = this.#session.request({
      operation: 'wait',
      slots: [],
      args: ['WAIT', 1, WAIT_TIMEOUT_MS],
      accept: (reply) => {
        if (typeof reply !== 'number') return `got ${JSON.stringify(reply)}, not a number`;
        if (reply >= 1) list.log.protect(index);
        return undefined;
      },
    });
    const [executed] = await Promise.all([push, wait]);
    if (executed !== undefined) list.log.fail(index, executed, this.#context.recorder.now());
  }

  #currentList(): ListHistory {
    if (this.#list === undefined || this.#list.log.size >= TOKENS_MAX) {
      const { lists } = this.#context.recorder;
      const key = `{${this.#tag.name}}:safe:${lists.length}`;
      this.#list = new ListHistory(`s${lists.length}`, key, this.#tag.slot);
      lists.push(this.#list);
    }
    return this.#list;
  }
}
