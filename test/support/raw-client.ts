import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { waitFor } from './wait.js';

/** A connection that shows the very bytes it gets. */
export class RawClient {
  readonly socket: Socket;
  readonly #received: Buffer[] = [];
  #size = 0;
  #isClosed = false;
  #hasEnded = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => {
      this.#received.push(data);
      this.#size += data.length;
    });
    // A reset is an end like others; tests look at what came before it.
    socket.on('error', () => undefined);
    socket.on('end', () => {
      this.#hasEnded = true;
    });
    socket.on('close', () => {
      this.#isClosed = true;
    });
  }

  static async connect(target: NetConnectOpts): Promise<RawClient> {
    const socket = connect({ allowHalfOpen: true, noDelay: true, ...target });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Number of bytes received and not taken. */
  get size(): number {
    return this.#size;
  }

  /** The other side sent a FIN or a reset. */
  get isEnded(): boolean {
    return this.#hasEnded || this.#isClosed;
  }

  get text(): string {
    return this.bytes().toString('latin1');
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#received);
    this.#received.splice(0, Infinity, all);
    return all;
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Ends its own direction; the other stays open. */
  end(bytes: string | Buffer = ''): void {
    this.socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits for `count` bytes and takes them. */
  async take(count: number, timeoutMs = 15_000): Promise<Buffer> {
    await this.#until(`${count} bytes`, () => this.#size >= count, timeoutMs);
    const all = this.bytes();
    const rest = all.subarray(count);
    this.#received.splice(0, Infinity, rest);
    this.#size = rest.length;
    return all.subarray(0, count);
  }

  /** Waits for these bytes, and for them alone. */
  async expect(bytes: string, timeoutMs = 15_000): Promise<void> {
    const length = Buffer.byteLength(bytes, 'latin1');
    await this.#until(JSON.stringify(bytes), () => this.#size >= length || this.isEnded, timeoutMs);
    const got = this.text;
    if (got !== bytes) {
      throw new Error(`expected ${JSON.stringify(bytes)}, got ${JSON.stringify(got)}`);
    }
    await this.take(length);
  }

  /**
   * Sends an ECHO behind everything sent so far and waits for its reply.
   * @returns All replies before it.
   */
  async untilEcho(timeoutMs = 15_000): Promise<Buffer> {
    const token = `--end-${Math.random().toString(36).slice(2)}--`;
    const reply = Buffer.from(`$${token.length}\r\n${token}\r\n`);
    this.send(`*2\r\n$4\r\nECHO\r\n$${token.length}\r\n${token}\r\n`);
    const isHere = () => this.isEnded || (this.#size >= reply.length && this.#endsWith(reply));
    await this.#until('the reply to ECHO', isHere, timeoutMs);
    if (!this.#endsWith(reply)) {
      throw new Error(
        `closed before ECHO was answered, after ${JSON.stringify(this.text.slice(-300))}`,
      );
    }
    const all = await this.take(this.#size);
    return all.subarray(0, all.length - reply.length);
  }

  /** Waits until the other side ended the connection. @returns What it sent before. */
  async untilEnded(timeoutMs = 15_000): Promise<string> {
    await this.#until('the end of the connection', () => this.isEnded, timeoutMs);
    return this.text;
  }

  /** With a reset, as when a process is killed with unread data. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }

  #endsWith(suffix: Buffer<ArrayBuffer>): boolean {
    const last = this.#received.at(-1);
    const tail = last !== undefined && last.length >= suffix.length ? last : this.bytes();
    return tail.subarray(-suffix.length).equals(suffix);
  }

  async #until(what: string, condition: () => boolean, timeoutMs: number): Promise<void> {
    try {
      await waitFor(what, condition, { timeoutMs, intervalMs: 2 });
    } catch (cause) {
      throw new Error(`no ${what}; got ${JSON.stringify(this.text.slice(-300))}`, { cause });
    }
  }
}

/** A request in wire form. */
export function encodeRequest(args: readonly (string | number | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg), 'latin1');
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}
