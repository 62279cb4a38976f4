import type { ClientRecord, ClientRef } from '../../../native/types.js';

/** How a blocked client is to be answered: as if its time were up, or with an error. */
export type UnblockMode = 'timeout' | 'error';

/** Clients that wait in a blocking command. */
export interface BlockedClients {
  has(clientId: number): boolean;
  /** @returns False if the client does not wait. */
  unblock(clientId: number, mode: UnblockMode): Promise<boolean>;
}

/** The clients of the database, on all workers. */
export interface ClientDesk {
  readonly blocked: BlockedClients;
  /** Oldest first. @param ids Only those of these ids; without them all. */
  list(ids?: readonly number[]): Promise<readonly ClientRecord[]>;
  /** @returns How many of them were still there. */
  close(clients: readonly ClientRef[]): Promise<number>;
  /** The name of a user of `DatabaseSettings.users`. */
  userName(user: number): string;
}
