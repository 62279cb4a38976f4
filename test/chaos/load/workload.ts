import type { DriverKind } from '../drivers/driver.js';
import type { TargetAbilities } from '../target.js';
import {
  type Actor,
  FIXED_KEYS_PER_TAG,
  fixedKey,
  fixedValue,
  type LoadContext,
  largeKey,
  largeValue,
} from './actor.js';
import { ChannelUsers } from './channel-users.js';
import { LargeValues } from './large-values.js';
import { ListWriter, PUSH_SCRIPT } from './list-writer.js';
import { QueueUsers } from './queue-users.js';
import { RegisterWriter } from './register-writer.js';
import { SafeWriter } from './safe-writer.js';
import { Session } from './session.js';
import { Transactor } from './transactor.js';

const LIST_WRITERS = 6;
const TAGS_PER_WRITER = 4;
const REGISTER_WRITERS = 2;
const TRANSACTORS = 3;
const SAFE_WRITERS = 3;
const QUEUES = 2;
const CONSUMERS_PER_QUEUE = 2;
const CHANNELS = 2;
const SUBSCRIBERS_PER_CHANNEL = 4;
const LARGE_TAGS = 3;

/** All clients of a run. */
export class Workload {
  readonly #context: LoadContext;
  readonly #abilities: TargetAbilities;
  readonly #drivers: readonly [DriverKind, ...DriverKind[]];
  readonly #actors: readonly Actor[];
  readonly #channels: readonly ChannelUsers[];
  #sessions = 0;

  constructor(
    context: LoadContext,
    abilities: TargetAbilities,
    drivers: readonly [DriverKind, ...DriverKind[]],
  ) {
    this.#context = context;
    this.#abilities = abilities;
    this.#drivers = drivers;
    this.#channels = this.#makeChannels();
    this.#actors = [...this.#makeActors(), ...this.#channels];
  }

  /** Clients that subscribe, with the messages that they got. */
  get channels(): readonly ChannelUsers[] {
    return this.#channels;
  }

  /** Writes what the load reads all the time. */
  async prepare(): Promise<void> {
    const [kind] = this.#drivers;
    const driver = await kind.connect(() => undefined);
    try {
      for (const tag of this.#context.tags) {
        await driver.call('SET', largeKey(tag), largeValue(tag));
        for (let i = 0; i < FIXED_KEYS_PER_TAG; i++) {
          await driver.call('SET', fixedKey(tag, i), fixedValue(tag, i));
        }
      }
      if (this.#abilities.evalsha) await driver.call('SCRIPT', 'LOAD', PUSH_SCRIPT);
    } finally {
      driver.close();
    }
  }

  async run(): Promise<void> {
    await Promise.all(this.#actors.map((actor) => actor.run()));
  }

  close(): void {
    for (const actor of this.#actors) actor.close();
  }

  #session(name: string): Session {
    const kind = this.#drivers[this.#sessions++ % this.#drivers.length] ?? this.#drivers[0];
    return new Session(name, kind, this.#context.recorder);
  }

  #make<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make(index));
  }

  #fork(): LoadContext {
    const { recorder, random, tags, isOver } = this.#context;
    return { recorder, random: random.fork(), tags, isOver };
  }

  #makeActors(): Actor[] {
    const { random, tags } = this.#context;
    const { crossSlot, transactions, blocking, wait } = this.#abilities;
    return [
      ...this.#make(LIST_WRITERS, (i) => {
        const own = random.shuffled(tags).slice(0, TAGS_PER_WRITER);
        return new ListWriter(this.#session(`writer ${i}`), this.#fork(), this.#abilities, own);
      }),
      ...this.#make(REGISTER_WRITERS, (i) => {
        return new RegisterWriter(this.#session(`setter ${i}`), this.#fork(), crossSlot);
      }),
      ...this.#make(transactions ? TRANSACTORS : 0, (i) => {
        return new Transactor(this.#session(`transactor ${i}`), this.#fork(), tags);
      }),
      // One for each shard's resting slot: WAIT is about all shards that a client wrote to.
      ...(wait ? tags.slice(0, SAFE_WRITERS) : []).map((tag, i) => {
        return new SafeWriter(this.#session(`safe writer ${i}`), this.#fork(), tag);
      }),
      ...this.#make(blocking ? QUEUES : 0, (i) => {
        const consumers = this.#make(CONSUMERS_PER_QUEUE, (n) =>
          this.#session(`consumer ${i}.${n}`),
        );
        const producer = this.#session(`producer ${i}`);
        return new QueueUsers(producer, consumers, this.#fork(), random.pick(tags));
      }),
      new LargeValues(this.#session('large values'), this.#fork(), tags.slice(0, LARGE_TAGS)),
    ];
  }

  #makeChannels(): ChannelUsers[] {
    const { random, tags } = this.#context;
    const { pubsub, shardedPubsub } = this.#abilities;
    const tag = random.pick(tags);
    const channels = [
      ...this.#make(pubsub ? CHANNELS : 0, (i) => ({ name: `channel ${i}`, slots: [] })),
      ...(shardedPubsub ? [{ name: `{${tag.name}}:shard channel`, slots: [tag.slot] }] : []),
    ];
    return channels.map((channel) => {
      const subscribers = this.#make(SUBSCRIBERS_PER_CHANNEL, (n) =>
        this.#session(`subscriber ${n} of ${channel.name}`),
      );
      const publisher = this.#session(`publisher of ${channel.name}`);
      return new ChannelUsers(publisher, subscribers, this.#fork(), channel);
    });
  }
}
