import type { BlockedClients, ClientDesk } from '../commands/index.js';
import type { ClientRecord, ClientRef, DataPlane } from '../native/index.js';

/** The clients of one database, on all workers. */
export class PlaneClients implements ClientDesk {
  readonly blocked: BlockedClients;
  readonly #database: number;
  readonly #plane: DataPlane;
  readonly #nameOf: (user: number) => string;
  #running: Promise<readonly ClientRecord[]> | undefined;
  #next: Promise<readonly ClientRecord[]> | undefined;

  /** @param nameOf The name of a user by its number. */
  constructor(
    database: number,
    plane: DataPlane,
    nameOf: (user: number) => string,
    blocked: BlockedClients,
  ) {
    this.#database = database;
    this.#plane = plane;
    this.#nameOf = nameOf;
    this.blocked = blocked;
  }

  /** Whoever asks for all while they are being listed shares the next list: it is a lot of memory. */
  list(ids?: readonly number[]): Promise<readonly ClientRecord[]> {
    if (ids !== undefined) {
      return this.#plane.listClients(this.#database, ids);
    }
    if (this.#running === undefined) {
      this.#running = this.#plane.listClients(this.#database).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.list();
    });
    return this.#next;
  }

  close(clients: readonly ClientRef[]): Promise<number> {
    return clients.length === 0 ? Promise.resolve(0) : this.#plane.closeClients(clients);
  }

  pause(mode: 'all' | 'write', milliseconds: number): Promise<void> {
    return this.#plane.pauseClients(this.#database, mode, milliseconds);
  }

  unpause(): Promise<void> {
    return this.#plane.unpauseClients(this.#database);
  }

  userName(user: number): string {
    return this.#nameOf(user);
  }
}
