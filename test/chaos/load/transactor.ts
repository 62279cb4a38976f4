import { ListHistory } from '../history/list-history.js';
import { type Actor, fixedKey, fixedValue, inRounds, type LoadContext, type Tag } from './actor.js';
import type { Session } from './session.js';

type Twins = readonly [ListHistory, ListHistory];

const PAUSE_MS = 50;
const TOKENS_MAX = 1_000;

/** Transactions that push to two lists of a slot: both have them, or none. */
export class Transactor implements Actor {
  readonly #session: Session;
  readonly #context: LoadContext;
  readonly #tags: readonly Tag[];
  readonly #twins = new Map<Tag, Twins>();

  constructor(session: Session, context: LoadContext, tags: readonly Tag[]) {
    this.#session = session;
    this.#context = context;
    this.#tags = tags;
  }

  async run(): Promise<void> {
    await this.#session.connect();
    await inRounds(this.#context, { pauseMs: PAUSE_MS }, () =>
      this.#transact(this.#context.random.pick(this.#tags)),
    );
  }

  close(): void {
    this.#session.close();
  }

  async #transact(tag: Tag): Promise<void> {
    const twins = this.#twinsOf(tag);
    const index = twins[0].log.add();
    twins[1].log.add();
    const value = fixedValue(tag, 0);
    const commands = [
      ['RPUSH', twins[0].key, twins[0].token(index)],
      ['GET', fixedKey(tag, 0)],
      ['RPUSH', twins[1].key, twins[1].token(index)],
    ];
    const executed = await this.#session.transaction(tag.slot, commands, (reply, at) => {
      const [one, read, other] = Array.isArray(reply) ? reply : [];
      if (typeof one !== 'number' || one !== other || read !== value) {
        return `got ${JSON.stringify(reply)}`;
      }
      for (const { log } of twins) log.acknowledge(index, at, one);
      return undefined;
    });
    if (executed === undefined) return;
    for (const { log } of twins) log.fail(index, executed, this.#context.recorder.now());
  }

  #twinsOf(tag: Tag): Twins {
    const current = this.#twins.get(tag);
    if (current !== undefined && current[0].log.size < TOKENS_MAX) return current;
    const { recorder } = this.#context;
    const n = recorder.twins.length;
    const make = (part: string) =>
      new ListHistory(`t${n}${part}`, `{${tag.name}}:twin:${n}${part}`, tag.slot);
    const twins = [make('a'), make('b')] as const;
    recorder.twins.push(twins);
    recorder.lists.push(...twins);
    this.#twins.set(tag, twins);
    return twins;
  }
}
