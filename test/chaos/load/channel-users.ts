import { ChannelHistory, ChannelPublications } from '../history/channel-history.js';
import { type Actor, inRounds, type LoadContext } from './actor.js';
import type { Session } from './session.js';

export interface Channel {
  readonly name: string;
  /** Of a shard channel; empty for others. */
  readonly slots: readonly number[];
}

/** A message that is on its way. */
export interface Publication {
  readonly number: number;
  /** Resolves also if the answer is an error. */
  readonly answered: Promise<void>;
}

const PAUSE_MS = 30;

/** One client that publishes numbered messages, and others that listen. */
export class ChannelUsers implements Actor {
  readonly #publisher: Session;
  readonly #subscribers: readonly Session[];
  readonly #context: LoadContext;
  readonly #channel: Channel;
  readonly #histories: ChannelHistory[] = [];
  readonly #publications: ChannelPublications;

  constructor(
    publisher: Session,
    subscribers: readonly Session[],
    context: LoadContext,
    channel: Channel,
  ) {
    this.#publisher = publisher;
    this.#subscribers = subscribers;
    this.#context = context;
    this.#channel = channel;
    this.#publications = new ChannelPublications(channel.name, channel.slots.length > 0);
  }

  async run(): Promise<void> {
    await Promise.all(this.#subscribers.map((one) => this.#subscribe(one)));
    await this.#publisher.connect();
    await inRounds(this.#context, { pauseMs: PAUSE_MS }, () => this.publish().answered);
  }

  publish(): Publication {
    const number = this.#publications.next();
    return { number, answered: this.#publish(number) };
  }

  /** Those that got nothing from this message on. */
  deafSince(number: number): readonly string[] {
    return this.#histories.filter(({ last }) => last < number).map((one) => one.subscriber);
  }

  close(): void {
    for (const session of [this.#publisher, ...this.#subscribers]) session.close();
  }

  async #subscribe(session: Session): Promise<void> {
    const { recorder } = this.#context;
    const history = new ChannelHistory(session.name, this.#publications);
    this.#histories.push(history);
    recorder.channels.push(history);
    await session.subscribe(this.#channel.name, this.#channel.slots, (text) => {
      const number = Number(/\d+$/.exec(text)?.[0] ?? -1);
      if (text === this.#text(number)) history.message(number, recorder.now());
      else recorder.mismatch({ operation: 'publish', client: session.name }, `got ${text}`);
    });
  }

  async #publish(number: number): Promise<void> {
    const { isShardChannel } = this.#publications;
    const executed = await this.#publisher.request({
      operation: 'publish',
      slots: this.#channel.slots,
      mayBeOvertaken: true,
      args: [isShardChannel ? 'SPUBLISH' : 'PUBLISH', this.#channel.name, this.#text(number)],
      accept: (reply) =>
        typeof reply === 'number' ? undefined : `got ${JSON.stringify(reply)}, not a number`,
    });
    if (executed === 'unknown') this.#publications.failed(number);
  }

  #text(number: number): string {
    return `${this.#channel.name} ${number}`;
  }
}
