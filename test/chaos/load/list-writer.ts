import { createHash } from 'node:crypto';
import type { Reply } from '../drivers/driver.js';
import { ListHistory } from '../history/list-history.js';
import {
  type Actor,
  expectReply,
  FIXED_KEYS_PER_TAG,
  fixedKey,
  fixedValue,
  inRounds,
  type LoadContext,
  type Tag,
} from './actor.js';
import type { Request, Session } from './session.js';

/** What the target can do beside commands with one key. */
export interface Abilities {
  /** MGET and MSET with keys of several slots. */
  readonly crossSlot: boolean;
  readonly crossSlotExists: boolean;
  readonly echo: boolean;
  /** EVALSHA runs wherever the key is. */
  readonly evalsha: boolean;
}

export const PUSH_SCRIPT = "return {redis.call('RPUSH', KEYS[1], ARGV[1]), ARGV[1]}";
const PUSH_DIGEST = createHash('sha1').update(PUSH_SCRIPT).digest('hex');
/** A list of more is left alone and another one begun: it would make slots slow to move. */
const TOKENS_MAX = 1_000;
const PAUSE_MS = 30;

/**
 * Pipelines of everything that has one reply: pushes of tokens, also by scripts, and reads of which
 * only one reply is right.
 */
export class ListWriter implements Actor {
  readonly #session: Session;
  readonly #context: LoadContext;
  readonly #abilities: Abilities;
  readonly #tags: readonly Tag[];
  readonly #lists = new Map<Tag, ListHistory>();
  #echoes = 0;

  /** @param tags Those that it writes to. It reads all. */
  constructor(session: Session, context: LoadContext, abilities: Abilities, tags: readonly Tag[]) {
    this.#session = session;
    this.#context = context;
    this.#abilities = abilities;
    this.#tags = tags;
  }

  async run(): Promise<void> {
    await this.#session.connect();
    await inRounds(this.#context, { pauseMs: PAUSE_MS }, () =>
      Promise.all([
        ...this.#tags.map((tag) => this.#write(tag)),
        ...this.#reads().map((request) => this.#session.request(request)),
      ]),
    );
  }

  close(): void {
    this.#session.close();
  }

  async #write(tag: Tag): Promise<void> {
    const list = this.#listOf(tag);
    const index = list.log.add();
    const token = list.token(index);
    const acknowledge = (position: Reply, at: number) => {
      if (typeof position !== 'number') return `got ${JSON.stringify(position)}, not a length`;
      list.log.acknowledge(index, at, position);
      return undefined;
    };
    const executed = await this.#session.request({
      slots: [tag.slot],
      mayBeOvertaken: true,
      ...this.#pushOf(list.key, token, acknowledge),
    });
    if (executed !== undefined) list.log.fail(index, executed, this.#context.recorder.now());
  }

  #pushOf(
    key: string,
    token: string,
    acknowledge: (position: Reply, at: number) => string | undefined,
  ): Omit<Request, 'slots'> {
    const { random } = this.#context;
    if (random.chance(80)) {
      return { operation: 'push', args: ['RPUSH', key, token], accept: acknowledge };
    }
    const bySha = this.#abilities.evalsha && random.chance(50);
    return {
      operation: bySha ? 'evalsha' : 'eval',
      args: bySha ? ['EVALSHA', PUSH_DIGEST, 1, key, token] : ['EVAL', PUSH_SCRIPT, 1, key, token],
      accept: (reply, at) => {
        const [position, echo] = Array.isArray(reply) ? reply : [];
        return echo === token
          ? acknowledge(position ?? null, at)
          : `got ${JSON.stringify(reply)} for ${token}`;
      },
    };
  }

  #reads(): Request[] {
    const { random, tags } = this.#context;
    const tag = random.pick(tags);
    const index = random.below(FIXED_KEYS_PER_TAG);
    const group = this.#abilities.crossSlot ? random.shuffled(tags).slice(0, 5) : [tag, tag];
    const keys = group.map((one, i) => fixedKey(one, i % FIXED_KEYS_PER_TAG));
    const slots = [...new Set(group.map((one) => one.slot))];
    const counted = this.#abilities.crossSlotExists ? keys : [fixedKey(tag, 0), fixedKey(tag, 1)];
    const nonce = `${this.#session.name} ${this.#echoes++}`;
    return [
      {
        operation: 'get',
        slots: [tag.slot],
        args: ['GET', fixedKey(tag, index)],
        accept: expectReply(fixedValue(tag, index)),
      },
      {
        operation: 'mget',
        slots,
        args: ['MGET', ...keys],
        accept: expectReply(group.map((one, i) => fixedValue(one, i % FIXED_KEYS_PER_TAG))),
      },
      {
        operation: 'exists',
        slots: this.#abilities.crossSlotExists ? slots : [tag.slot],
        args: ['EXISTS', ...counted],
        accept: expectReply(counted.length),
      },
      ...(this.#abilities.echo
        ? [
            {
              operation: 'echo' as const,
              slots: [],
              args: ['ECHO', nonce],
              accept: expectReply(nonce),
            },
          ]
        : []),
    ];
  }

  #listOf(tag: Tag): ListHistory {
    const current = this.#lists.get(tag);
    if (current !== undefined && current.log.size < TOKENS_MAX) return current;
    const { lists } = this.#context.recorder;
    const list = new ListHistory(
      `l${lists.length}`,
      `{${tag.name}}:list:${lists.length}`,
      tag.slot,
    );
    lists.push(list);
    this.#lists.set(tag, list);
    return list;
  }
}
