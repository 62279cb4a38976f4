import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeRequest } from '../../support/raw-client.js';
import { FrameReader, type Reply } from './reply.js';

const FRAME_TIMEOUT_MS = 5_000;

/** Which of the frames that came: RESP3 tells messages from answers, RESP2 does not. */
export type FrameSource = 'answers' | 'messages' | 'any';

/** A client connection that hands out frames in the order they came. */
export class Connection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #frames: Reply[] = [];
  #isClosed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#frames.push(...this.#reader.push(chunk));
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async open(port: number, protocol: 2 | 3): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    const connection = new Connection(socket);
    if (protocol === 3) {
      connection.send(['HELLO', '3']);
      await connection.take('answers');
    }
    return connection;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(words: readonly string[]): void {
    this.#socket.write(encodeRequest(words));
  }

  /** Sends several commands at once. */
  sendAll(commands: readonly (readonly string[])[]): void {
    this.#socket.write(Buffer.concat(commands.map(encodeRequest)));
  }

  /** Bytes as they are. */
  sendRaw(bytes: string): void {
    this.#socket.write(Buffer.from(bytes, 'latin1'));
  }

  /** The next frame of this kind; `closed` or `missing` if there will be none. */
  async take(source: FrameSource, timeoutMs = FRAME_TIMEOUT_MS): Promise<Reply> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const index = this.#frames.findIndex((frame) => isFrom(frame, source));
      const [frame] = index === -1 ? [] : this.#frames.splice(index, 1);
      if (frame !== undefined) {
        return frame;
      }
      if (this.#isClosed) {
        return { kind: 'closed' };
      }
      if (Date.now() >= deadline) {
        return { kind: 'missing' };
      }
      await this.#nextFrame(deadline - Date.now());
    }
  }

  async untilClosed(): Promise<void> {
    while (!this.#isClosed && (await this.take('any')).kind !== 'missing') {}
  }

  /** Everything that came and was not taken. */
  takeRest(): readonly Reply[] {
    return this.#frames.splice(0);
  }

  close(): void {
    this.#socket.destroy();
  }

  #nextFrame(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isFrom({ kind }: Reply, source: FrameSource): boolean {
  return source === 'any' || (source === 'messages') === (kind === 'push');
}
