import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Bytes that wait for a reader; beyond it new lines are dropped. */
const MAX_WAITING_BYTES = 1_048_576;
/** How often a reader that was not ready is tried again. */
const RETRY_MS = 50;
/** How long the end of the process waits for a reader. */
const CLOSE_TIMEOUT_MS = 500;

/** Where log lines go. */
export interface LogOutput {
  /** One line with its line end. Returns at once, whatever the reader does; never throws. */
  write(line: string): void;
  /** Waits a short time until waiting lines are written. */
  close(): Promise<void>;
}

/** Writes to a descriptor that somebody else owns, without ever blocking on its reader. */
export function openOutput(fd: number): LogOutput {
  const kind = fstatSync(fd);
  if (kind.isSocket()) return new SocketOutput(fd);
  const isBlocking = kind.isFIFO() || kind.isCharacterDevice();
  return new DescriptorOutput(isBlocking ? reopenNonBlocking(fd) : fd);
}

/**
 * A description of our own of the same pipe or terminal: setting O_NONBLOCK on the given one would
 * change it for every process that shares it, such as the shell.
 */
function reopenNonBlocking(fd: number): number {
  try {
    return openSync(
      `/dev/fd/${fd}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    // No /dev/fd, or a terminal of another user (su): a plain write is better than no log.
    return fd;
  }
}

class DescriptorOutput implements LogOutput {
  readonly #fd: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #retry: NodeJS.Timeout | undefined;
  #isBroken = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#isBroken || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#retry === undefined) this.#drain();
  }

  async close(): Promise<void> {
    const deadlineMs = performance.now() + CLOSE_TIMEOUT_MS;
    while (this.#waitingBytes > 0 && performance.now() < deadlineMs) await delay(RETRY_MS);
    clearTimeout(this.#retry);
    this.#isBroken = true;
    if (this.#fd > 2) closeSync(this.#fd);
  }

  #drain(): void {
    this.#retry = undefined;
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        const written = writeSync(this.#fd, first);
        this.#waitingBytes -= written;
        if (written === first.length) this.#waiting.shift();
        else this.#waiting[0] = first.subarray(written);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EAGAIN') {
      this.#retry = setTimeout(() => this.#drain(), RETRY_MS).unref();
      return;
    }
    // The reader is gone (EPIPE) or the disk is full: that ends the log, not the proxy.
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isBroken = code === 'EPIPE';
  }
}

/** Sockets (systemd's journal) cannot be opened anew; Node's own stream does not block on them. */
class SocketOutput implements LogOutput {
  readonly #socket: Socket;

  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on('error', () => {});
    this.#socket.unref();
  }

  write(line: string): void {
    if (this.#socket.writable && this.#socket.writableLength < MAX_WAITING_BYTES) {
      this.#socket.write(line);
    }
  }

  async close(): Promise<void> {
    const deadlineMs = performance.now() + CLOSE_TIMEOUT_MS;
    while (this.#socket.writableLength > 0 && performance.now() < deadlineMs) await delay(RETRY_MS);
  }
}
