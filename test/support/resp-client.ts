import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import RedisParser from 'redis-parser';

/** A decoded RESP2 reply as tests read it: bulk strings are text. */
export type TestReply = string | number | null | readonly TestReply[];

export type TestArgument = string | number | Buffer;

export interface TestClientTarget {
  readonly host?: string;
  readonly port?: number;
  /** A unix socket instead of `host` and `port`. */
  readonly path?: string;
  readonly username?: string;
  readonly password?: string;
}

interface Waiting {
  readonly resolve: (reply: TestReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A RESP2 client that shares no code with what it tests. Calls are pipelined; an error reply
 * rejects with the server's text as the message.
 */
export class TestClient {
  readonly socket: Socket;
  readonly #waiting: Waiting[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    const parser = new RedisParser({
      returnReply: (reply: TestReply) => this.#waiting.shift()?.resolve(reply),
      returnError: (error: Error) => this.#waiting.shift()?.reject(error),
      returnFatalError: (error: Error) => socket.destroy(error),
    });
    socket.on('data', (data) => parser.execute(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('connection closed')));
  }

  static async connect(target: TestClientTarget): Promise<TestClient> {
    const socket =
      target.path === undefined
        ? connect({ host: target.host ?? '127.0.0.1', port: target.port ?? 0, noDelay: true })
        : connect({ path: target.path });
    await once(socket, 'connect');
    const client = new TestClient(socket);
    if (target.password !== undefined) {
      const user = target.username === undefined ? [] : [target.username];
      await client.call('AUTH', ...user, target.password);
    }
    return client;
  }

  call(...args: readonly TestArgument[]): Promise<TestReply> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(new Error('connection closed'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.socket.write(encode(args));
    });
  }

  /** A call whose reply is known to be a string; anything else is a test failure. */
  async text(...args: readonly TestArgument[]): Promise<string> {
    const reply = await this.call(...args);
    if (typeof reply !== 'string') {
      throw new Error(`${String(args[0])}: expected a string, got ${JSON.stringify(reply)}`);
    }
    return reply;
  }

  close(): void {
    this.socket.destroy();
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) {
      waiting.reject(error);
    }
  }
}

function encode(args: readonly TestArgument[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}
