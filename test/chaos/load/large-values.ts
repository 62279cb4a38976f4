import { RegisterHistory } from '../history/register-history.js';
import {
  type Actor,
  expectReply,
  inRounds,
  type LoadContext,
  largeKey,
  largeValue,
  type Tag,
} from './actor.js';
import type { Session } from './session.js';

const PAUSE_MS = 500;
const REQUEST_BYTES = 1_300_000;
/** Behind what tells one value from another. */
const FILLER = '#';
const HEAD_BYTES = 100;

/** Replies and requests that are passed on while they arrive. */
export class LargeValues implements Actor {
  readonly #session: Session;
  readonly #context: LoadContext;
  readonly #tags: readonly Tag[];
  readonly #registers: ReadonlyMap<Tag, RegisterHistory>;

  constructor(session: Session, context: LoadContext, tags: readonly Tag[]) {
    this.#session = session;
    this.#context = context;
    this.#tags = tags;
    this.#registers = new Map(
      tags.map((tag) => [tag, new RegisterHistory('huge', `{${tag.name}}:huge`, tag.slot)]),
    );
  }

  async run(): Promise<void> {
    await this.#session.connect();
    await inRounds(this.#context, { pauseMs: PAUSE_MS, unansweredMax: 1 }, async () => {
      const tag = this.#context.random.pick(this.#tags);
      const register = this.#registers.get(tag);
      await this.#get(tag);
      if (register !== undefined) await Promise.all([this.#set(register), this.#head(register)]);
    });
  }

  close(): void {
    this.#session.close();
  }

  #get(tag: Tag) {
    return this.#session.request({
      operation: 'large-get',
      slots: [tag.slot],
      args: ['GET', largeKey(tag)],
      accept: expectReply(largeValue(tag)),
    });
  }

  #set(register: RegisterHistory) {
    const number = register.next();
    return this.#session.request({
      operation: 'large-set',
      slots: [register.slot],
      args: ['SET', register.key, register.value(number).padEnd(REQUEST_BYTES, FILLER)],
      accept: (reply, at) => {
        if (reply !== 'OK') return `got ${JSON.stringify(reply)}, not OK`;
        register.acknowledge(number, at);
        return undefined;
      },
    });
  }

  #head(register: RegisterHistory) {
    return this.#session.request({
      operation: 'get',
      slots: [register.slot],
      args: ['GETRANGE', register.key, 0, HEAD_BYTES],
      accept: (reply, at) => {
        const head = String(reply).split(FILLER)[0];
        const problem = register.read(head === '' ? null : head, at);
        if (problem?.kind === 'stale') this.#context.recorder.stale(problem.read);
        return problem?.kind === 'foreign' ? problem.detail : undefined;
      },
    });
  }
}
