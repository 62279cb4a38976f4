import RedisParser from 'redis-parser';
import { ProxyError } from '../errors/index.js';
import type { RespReply } from './types.js';

export interface ReplyReaderOptions {
  /** Most bytes that one reply may have; exceeding it is seen at most one chunk later. */
  readonly maxReplyBytes: number;
  readonly onReply: (reply: RespReply) => void;
}

/**
 * Turns the bytes of one server connection into replies, in order.
 * redis-parser does the decoding; this adds the limit that it lacks and maps its values.
 */
export class ReplyReader {
  readonly #parser: RedisParser;
  readonly #options: ReplyReaderOptions;
  /** Bytes since the last complete reply, over-estimated by less than one chunk. */
  #pendingBytes = 0;
  #replyCompleted = false;
  #failure: ProxyError | null = null;

  constructor(options: ReplyReaderOptions) {
    this.#options = options;
    this.#parser = new RedisParser({
      returnBuffers: true,
      // Integers come as text: exact, and told apart from strings, which are Buffers.
      stringNumbers: true,
      returnReply: (value: unknown) => this.#deliver(toReply(value)),
      returnError: (error) => this.#deliver(toReply(error)),
      returnFatalError: (cause) => this.#fail(cause),
    });
  }

  /**
   * Delivers every reply that `chunk` completes.
   * @throws ProxyError `reply_too_large` or `reply_invalid`. The reader is then useless, as the place
   * where the next reply begins is unknown: close the connection.
   */
  push(chunk: Buffer): void {
    this.#pendingBytes += chunk.length;
    this.#replyCompleted = false;
    try {
      this.#parser.execute(chunk);
    } catch (cause) {
      // The parser throws on lengths that no array can have and on nesting deeper than the stack.
      this.#fail(cause);
    }
    if (this.#failure !== null) {
      throw this.#failure;
    }
    if (this.#replyCompleted) {
      this.#pendingBytes = Math.min(this.#pendingBytes, chunk.length);
    }
    if (this.#pendingBytes > this.#options.maxReplyBytes) {
      this.#parser.reset();
      throw new ProxyError(
        'reply_too_large',
        `a reply is larger than ${this.#options.maxReplyBytes} bytes`,
      );
    }
  }

  #deliver(reply: RespReply): void {
    this.#replyCompleted = true;
    this.#options.onReply(reply);
  }

  #fail(cause: unknown): void {
    this.#failure ??= new ProxyError('reply_invalid', 'the reply is not valid RESP', { cause });
  }
}

function toReply(value: unknown): RespReply {
  if (value === null) {
    return { kind: 'null' };
  }
  if (Buffer.isBuffer(value)) {
    return { kind: 'string', bytes: value };
  }
  if (typeof value === 'string') {
    return { kind: 'integer', value: toInteger(value) };
  }
  if (Array.isArray(value)) {
    return { kind: 'array', items: value.map(toReply) };
  }
  if (value instanceof Error) {
    return { kind: 'error', message: value.message };
  }
  throw new TypeError(`redis-parser gave a ${typeof value}`);
}

function toInteger(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}
