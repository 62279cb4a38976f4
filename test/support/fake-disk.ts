import type { Socket } from 'node:net';
import { bulk, type ScriptedReply } from './fake-server.js';

interface Waiting {
  readonly socket: Socket;
  readonly offset: number;
  readonly local: number;
  readonly timer: NodeJS.Timeout | undefined;
}

/**
 * A server of Redis 7.2 as far as WAITAOF goes (`waitaofCommand`): what it has on its own disk, and for
 * each connection how far it has written. It has no replicas. Nothing gets to the disk but by `sync`.
 */
export class FakeDisk {
  isReplica = false;
  readonly #ids = new Map<Socket, number>();
  /** Offset behind the last write of each connection. */
  readonly #written = new Map<Socket, number>();
  readonly #waiting = new Set<Waiting>();
  readonly #nodeId: string;
  #offset = 0;
  #synced = 0;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** Calls that wait at the server. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Connections that are open and have introduced themselves. */
  get connections(): number {
    return this.#ids.size;
  }

  /** Everything written until now is on the disk. */
  sync(): void {
    this.#synced = this.#offset;
    for (const wait of this.#waiting) {
      if (this.#localOf(wait.offset) >= wait.local) {
        this.#end(wait);
      }
    }
  }

  /** Closes the connections that have written. */
  closeWriters(): void {
    for (const socket of this.#written.keys()) {
      socket.destroy();
    }
  }

  answer(args: readonly string[], socket: Socket): ScriptedReply | undefined {
    switch (args.slice(0, 2).join(' ').toUpperCase()) {
      case 'CLIENT ID':
        return `:${this.#idOf(socket)}\r\n`;
      case 'CLIENT UNBLOCK':
        return this.#unblock(Number(args[2]), args[3]);
      case 'CLUSTER MYID':
        return bulk(this.#nodeId);
      case 'COMMAND':
        return '-ERR not told\r\n';
    }
    switch (args[0]?.toUpperCase()) {
      case 'SET':
        this.#written.set(socket, ++this.#offset);
        return '+OK\r\n';
      case 'WAITAOF':
        return this.#wait(args.slice(1).map(Number), socket);
      default:
        return undefined;
    }
  }

  #wait([local = 0, replicas = 0, timeoutMs = 0]: readonly number[], socket: Socket) {
    if (local !== 0 && local !== 1) {
      return '-ERR value is out of range, value must between 0 and 1\r\n';
    }
    if (this.isReplica) {
      return '-ERR WAITAOF cannot be used with replica instances. Please also note …\r\n';
    }
    const offset = this.#written.get(socket) ?? 0;
    if (replicas === 0 && this.#localOf(offset) >= local) {
      return this.#counts(offset);
    }
    const timer = timeoutMs > 0 ? setTimeout(() => this.#end(wait), timeoutMs) : undefined;
    const wait: Waiting = { socket, offset, local, timer };
    this.#waiting.add(wait);
    return null;
  }

  #end(wait: Waiting, reply = this.#counts(wait.offset)): void {
    clearTimeout(wait.timer);
    this.#waiting.delete(wait);
    wait.socket.write(reply);
  }

  #unblock(id: number, mode = 'TIMEOUT'): string {
    const waiting = [...this.#waiting].filter(({ socket }) => this.#ids.get(socket) === id);
    for (const wait of waiting) {
      this.#end(
        wait,
        mode === 'ERROR' ? '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n' : undefined,
      );
    }
    return `:${waiting.length}\r\n`;
  }

  #localOf(offset: number): number {
    return this.#synced >= offset ? 1 : 0;
  }

  #counts(offset: number): string {
    return `*2\r\n:${this.#localOf(offset)}\r\n:0\r\n`;
  }

  #idOf(socket: Socket): number {
    const id = this.#ids.get(socket) ?? ++FakeDisk.#lastId;
    this.#ids.set(socket, id);
    socket.once('close', () => this.#forget(socket));
    return id;
  }

  #forget(socket: Socket): void {
    this.#ids.delete(socket);
    this.#written.delete(socket);
    for (const wait of this.#waiting) {
      if (wait.socket === socket) {
        clearTimeout(wait.timer);
        this.#waiting.delete(wait);
      }
    }
  }

  static #lastId = 0;
}
