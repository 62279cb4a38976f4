import { QueueHistory } from '../history/queue-history.js';
import { type Actor, inRounds, type LoadContext, type Tag } from './actor.js';
import type { Session } from './session.js';

const PAUSE_MS = 40;
/** Seconds. Short enough that a consumer sees the end of the load. */
const BLOCK_SECONDS = 1;

/** A client that fills a queue, and others that wait at its other end. */
export class QueueUsers implements Actor {
  readonly #producer: Session;
  readonly #consumers: readonly Session[];
  readonly #context: LoadContext;
  readonly #queue: QueueHistory;

  constructor(producer: Session, consumers: readonly Session[], context: LoadContext, tag: Tag) {
    this.#producer = producer;
    this.#consumers = consumers;
    this.#context = context;
    const { queues } = context.recorder;
    this.#queue = new QueueHistory(
      `q${queues.length}`,
      `{${tag.name}}:queue:${queues.length}`,
      tag.slot,
    );
    queues.push(this.#queue);
  }

  async run(): Promise<void> {
    await Promise.all([this.#produce(), ...this.#consumers.map((one) => this.#consume(one))]);
  }

  close(): void {
    for (const session of [this.#producer, ...this.#consumers]) session.close();
  }

  async #produce(): Promise<void> {
    await this.#producer.connect();
    await inRounds(this.#context, { pauseMs: PAUSE_MS }, async () => {
      const { list } = this.#queue;
      const index = list.log.add();
      const executed = await this.#producer.request({
        operation: 'push',
        mayBeOvertaken: true,
        slots: [list.slot],
        args: ['RPUSH', list.key, list.token(index)],
        accept: (reply, at) => {
          if (typeof reply !== 'number') return `got ${JSON.stringify(reply)}, not a length`;
          list.log.acknowledge(index, at, 0);
          return undefined;
        },
      });
      if (executed !== undefined) list.log.fail(index, executed, this.#context.recorder.now());
    });
  }

  async #consume(consumer: Session): Promise<void> {
    const { list } = this.#queue;
    await consumer.connect();
    while (!this.#context.isOver()) {
      const executed = await consumer.request({
        operation: 'pop',
        slots: [list.slot],
        args: ['BLPOP', list.key, BLOCK_SECONDS],
        accept: (reply, at) => {
          if (reply === null) return undefined;
          const [key, token] = Array.isArray(reply) ? reply : [];
          if (key !== list.key) return `got ${JSON.stringify(reply)} of ${list.key}`;
          this.#queue.popped(consumer.name, String(token), at);
          return undefined;
        },
      });
      if (executed === 'unknown') this.#queue.popUnknown();
    }
  }
}
