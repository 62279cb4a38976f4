import type { ClientRecord, ClientRef, ControlRequest } from '../../../native/types.js';
import type { RespValue } from '../../../resp/index.js';

/** How a blocked client is to be answered: as if its time were up, or with an error. */
export type UnblockMode = 'timeout' | 'error';

/** A command that waits at a server. */
export interface BlockedWait {
  /** What to answer if it was unblocked before it got there; else null. */
  interrupted(): RespValue | null;
  /** It waits no more. `closesClient`: the proxy stops, this answer is the last one. */
  end(): { readonly closesClient: boolean };
}

/** A client whose command waits. */
export type BlockedClient = Pick<ControlRequest, 'client' | 'presentation'>;

/** Clients that wait in a blocking command. */
export interface BlockedClients {
  /** A command of this client begins to wait. */
  begin(client: BlockedClient): BlockedWait;
  /**
   * @returns False if the client does not wait.
   * @throws ProxyError if the server where it waits cannot be asked.
   */
  unblock(clientId: number, mode: UnblockMode): Promise<boolean>;
}

/** The clients of the database, on all workers. */
export interface ClientDesk {
  readonly blocked: BlockedClients;
  /** Oldest first. @param ids Only those of these ids; without them all. */
  list(ids?: readonly number[]): Promise<readonly ClientRecord[]>;
  /** @returns How many of them were still there. */
  close(clients: readonly ClientRef[]): Promise<number>;
  /** Requests wait, all or those that may write. Resolves when all workers are paused. */
  pause(mode: 'all' | 'write', milliseconds: number): Promise<void>;
  unpause(): Promise<void>;
  /** The name of a user of `DatabaseSettings.users`. */
  userName(user: number): string;
}
