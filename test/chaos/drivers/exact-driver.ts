import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeRequest } from '../../support/raw-client.js';
import { FrameReader, type FrameValue } from '../../support/resp-frames.js';
import type { Argument, Driver, DriverKind, Reply } from './driver.js';

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

interface Subscription extends Waiting {
  readonly channel: string;
}

const CONFIRMATIONS = ['subscribe', 'ssubscribe'];
const MESSAGES = ['message', 'smessage'];

/** The tests' own client: it sees every byte, and each reply that nobody asked for. */
class ExactDriver implements Driver {
  readonly #socket: Socket;
  readonly #onOdd: (detail: string) => void;
  readonly #waiting: Waiting[] = [];
  readonly #subscriptions: Subscription[] = [];
  readonly #listeners = new Map<string, (text: string) => void>();

  constructor(socket: Socket, onOdd: (detail: string) => void) {
    this.#socket = socket;
    this.#onOdd = onOdd;
    const reader = new FrameReader();
    socket.on('data', (data: Buffer) => {
      try {
        for (const frame of reader.push(data)) {
          if (frame.kind === 'push') this.#pushed(frame.value);
          else this.#replied(frame.value);
        }
      } catch (error) {
        onOdd(String(error));
        socket.destroy();
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.#failAll());
  }

  get isClosed(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  call(...args: readonly Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(new Error('connection closed'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#send(args);
    });
  }

  async transaction(commands: readonly (readonly Argument[])[]): Promise<Reply> {
    const queued = [['MULTI'], ...commands].map((args) => this.call(...args));
    const [, , result] = await Promise.all([
      // Why a command was not queued is told again by EXEC.
      Promise.allSettled(queued),
      this.#expectQueued(queued.slice(1)),
      this.call('EXEC'),
    ]);
    return result;
  }

  subscribe(channel: string, onMessage: (text: string) => void): Promise<void> {
    this.#listeners.set(channel, onMessage);
    return new Promise<Reply>((resolve, reject) => {
      this.#subscriptions.push({ channel, resolve, reject });
      this.#send([channel.startsWith('{') ? 'SSUBSCRIBE' : 'SUBSCRIBE', channel]);
    }).then(() => undefined);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** What is called in one turn goes out as one write. */
  #send(args: readonly Argument[]): void {
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(encodeRequest(args));
  }

  async #expectQueued(replies: readonly Promise<Reply>[]): Promise<void> {
    for (const settled of await Promise.allSettled(replies)) {
      if (settled.status === 'fulfilled' && settled.value !== 'QUEUED') {
        this.#onOdd(`a command in a transaction was answered ${JSON.stringify(settled.value)}`);
      }
    }
  }

  #replied(value: FrameValue): void {
    const isForSubscriber = this.#waiting.length === 0;
    const next = isForSubscriber ? this.#nextSubscription(value) : this.#waiting.shift();
    if (next === undefined) {
      if (Array.isArray(value) && this.#listeners.size > 0) this.#pushed(value);
      else this.#onOdd(`a reply to nothing: ${JSON.stringify(value)}`);
    } else if (value instanceof Error) next.reject(value);
    else next.resolve(value);
  }

  /** A SUBSCRIBE is answered by a push; only its refusal is a reply. */
  #nextSubscription(value: FrameValue): Subscription | undefined {
    return value instanceof Error ? this.#subscriptions.shift() : undefined;
  }

  #pushed(push: readonly FrameValue[]): void {
    const [kind, channel, text] = push.map(String);
    const [oldest] = this.#subscriptions;
    const listener = this.#listeners.get(channel ?? '');
    if (CONFIRMATIONS.includes(kind ?? '') && oldest?.channel === channel) {
      this.#subscriptions.shift()?.resolve(null);
    } else if (MESSAGES.includes(kind ?? '') && listener !== undefined && push.length === 3) {
      listener(text ?? '');
    } else {
      this.#onOdd(`an unexpected push: ${JSON.stringify(push)}`);
    }
  }

  #failAll(): void {
    for (const waiting of [...this.#waiting.splice(0), ...this.#subscriptions.splice(0)]) {
      waiting.reject(new Error('connection closed'));
    }
  }
}

export function exactKind(protocol: 2 | 3, target: { host: string; port: number }): DriverKind {
  return {
    name: `raw RESP${protocol}`,
    async connect(onOdd) {
      const socket = connect({ ...target, noDelay: true });
      await once(socket, 'connect');
      const driver = new ExactDriver(socket, onOdd);
      if (protocol === 3) await driver.call('HELLO', 3);
      return driver;
    },
  };
}
