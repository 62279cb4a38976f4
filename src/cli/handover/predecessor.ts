import { InheritedSockets } from '../../native/index.js';
import type { PlacementChanges } from '../../proxy/handover.js';
import { CommandError, EXIT_FAILURE } from '../exit.js';
import {
  type EstateFacts,
  HANDOVER_VARIABLE,
  isToSuccessor,
  type Legacy,
  parseLegacy,
  type ToPredecessor,
  type ToSuccessor,
} from './messages.js';

/** The part of `process` that speaks to the process that started this one. */
export interface ParentChannel {
  readonly connected: boolean;
  readonly send?: (message: object, sent: (error: Error | null) => void) => boolean;
  disconnect(): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

const ENDED = 'the process before this one has ended without a word';

/**
 * The process that this one follows. It goes on serving until `serving` has told it that this one does;
 * until then nothing that was inherited may be ended or removed here.
 */
export class Predecessor {
  readonly #legacy: Legacy;
  readonly #channel: ParentChannel;
  readonly #waiting: ((message: ToSuccessor | undefined) => void)[] = [];
  readonly #early: ToSuccessor[] = [];
  #sockets: InheritedSockets | undefined;
  #isGone = false;
  #onGone: () => void = () => undefined;

  private constructor(legacy: Legacy, channel: ParentChannel) {
    this.#legacy = legacy;
    this.#channel = channel;
    channel.on('message', (message) => {
      if (isToSuccessor(message)) this.#receive(message);
    });
    channel.on('disconnect', () => {
      this.#isGone = true;
      this.#onGone();
      for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    });
  }

  /**
   * Undefined if this process was not started by another one of its kind. Whoever is started from here
   * does not see the variable.
   * @throws CommandError if it was, and what was left cannot be understood.
   */
  static find(env: NodeJS.ProcessEnv, channel: ParentChannel): Predecessor | undefined {
    const text = env[HANDOVER_VARIABLE];
    if (text === undefined) return undefined;
    delete env[HANDOVER_VARIABLE];
    try {
      if (!channel.connected) throw new Error('nobody is there who has set it');
      return new Predecessor(parseLegacy(text), channel);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CommandError(EXIT_FAILURE, `${HANDOVER_VARIABLE} is not understood: ${why}`);
    }
  }

  /** How many processes there were before this one. */
  get generation(): number {
    return this.#legacy.generation;
  }

  get estate(): EstateFacts | null {
    return this.#legacy.estate;
  }

  /** @throws CommandError if a descriptor is not what it should be. */
  get sockets(): InheritedSockets {
    try {
      this.#sockets ??= new InheritedSockets(this.#legacy.sockets);
      return this.#sockets;
    } catch (error) {
      throw new CommandError(EXIT_FAILURE, `an inherited socket cannot be used: ${String(error)}`);
    }
  }

  /**
   * Says that only opening is left, when that is so, and waits for the word. If the other process ends
   * from then on, clients have nobody but this one: it opens without the word.
   * @param missing What is not ready yet.
   * @returns undefined: the other process has ended, and said nothing of its changes.
   * @throws CommandError if it takes too long or the other process has ended before that; whatever
   * `prepared` throws.
   */
  async mayOpen(
    prepared: Promise<void>,
    missing: () => string,
  ): Promise<PlacementChanges | undefined> {
    const { timeoutMs, deadlineMs } = this.#legacy;
    const leftMs = Math.min(timeoutMs, Math.max(0, deadlineMs - Date.now()));
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_, reject) => {
      const fail = (why: string) => reject(new CommandError(EXIT_FAILURE, why));
      timer = setTimeout(() => fail(`not ready within ${timeoutMs} ms: ${missing()}`), leftMs);
      this.#onGone = () => fail(ENDED);
      if (this.#isGone) this.#onGone();
    });
    try {
      await Promise.race([prepared, failed]);
    } finally {
      clearTimeout(timer);
    }
    await this.#send({ kind: 'prepared' });
    const message = await this.#next();
    return message?.kind === 'go' ? message.placement : undefined;
  }

  /**
   * Says that clients are accepted; what was inherited belongs to this process when it returns.
   * @param taken The inherited descriptors that are in use.
   */
  async serving(taken: readonly number[]): Promise<void> {
    await this.#send({ kind: 'serving', taken });
    await this.#next();
    this.sockets.own();
    if (this.#channel.connected) this.#channel.disconnect();
  }

  /** Says that this process ends; the other one goes on. */
  async failed(reason: string): Promise<void> {
    await this.#send({ kind: 'failed', reason });
  }

  #receive(message: ToSuccessor): void {
    const resolve = this.#waiting.shift();
    if (resolve === undefined) this.#early.push(message);
    else resolve(message);
  }

  /** Undefined: the other process is gone. */
  #next(): Promise<ToSuccessor | undefined> {
    const early = this.#early.shift();
    if (early !== undefined || this.#isGone) return Promise.resolve(early);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #send(message: ToPredecessor): Promise<void> {
    return new Promise((resolve) => {
      const { send } = this.#channel;
      // Whoever is gone hears nothing; that is noticed when its answer is missing.
      if (send === undefined || !this.#channel.connected) resolve();
      else send.call(this.#channel, message, () => resolve());
    });
  }
}
