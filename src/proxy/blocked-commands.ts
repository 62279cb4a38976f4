import { setTimeout as pause } from 'node:timers/promises';
import type { BlockedClients, BlockedWait, UnblockMode } from '../commands/index.js';
import type { ClientRef, DataPlane } from '../native/index.js';
import type { CommandArguments, RespReply, RespValue } from '../resp/index.js';

/** How often a client that is just on its way to a server is looked for again. */
const ATTEMPTS = 20;
const ATTEMPT_MS = 10;

interface Wait {
  readonly client: ClientRef;
  unblockedBy: UnblockMode | null;
}

/** Clients whose command waits at a server, and how they are woken. */
export class BlockedCommands implements BlockedClients {
  readonly #waits = new Map<number, Wait>();
  readonly #plane: Pick<DataPlane, 'locate'>;
  readonly #execute: (nodeId: string, args: CommandArguments) => Promise<RespReply>;

  /** @param execute Runs a command as the proxy. */
  constructor(
    plane: Pick<DataPlane, 'locate'>,
    execute: (nodeId: string, args: CommandArguments) => Promise<RespReply>,
  ) {
    this.#plane = plane;
    this.#execute = execute;
  }

  has(clientId: number): boolean {
    return this.#waits.has(clientId);
  }

  /** A command of this client begins to wait. */
  begin(client: ClientRef): BlockedWait {
    const wait: Wait = { client, unblockedBy: null };
    this.#waits.set(client.id, wait);
    return {
      interrupted: () => interruption(wait.unblockedBy),
      end: () => this.#waits.delete(client.id),
    };
  }

  /**
   * Ends the wait of a client as CLIENT UNBLOCK does.
   * @returns False if it does not wait.
   * @throws ProxyError if the server where it waits cannot be asked.
   */
  async unblock(clientId: number, mode: UnblockMode): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const wait = this.#waits.get(clientId);
      if (wait === undefined) {
        return false;
      }
      const place = await this.#plane.locate(wait.client);
      if (place.kind === 'reply') {
        const [nodeId = '', linkId = ''] = place.bytes.toString().split(' ');
        const reply = await this.#execute(nodeId, [
          'CLIENT',
          'UNBLOCK',
          linkId,
          mode.toUpperCase(),
        ]);
        if (reply.kind === 'integer' && Number(reply.value) === 1) {
          return true;
        }
      } else if (place.kind === 'not_sent') {
        wait.unblockedBy = mode;
      }
      await pause(ATTEMPT_MS);
    }
    return this.#waits.get(clientId)?.unblockedBy === mode;
  }

  /** Ends all waits, as if their time were over. What cannot be ended stays. */
  async unblockAll(): Promise<void> {
    const ids = [...this.#waits.keys()];
    await Promise.allSettled(ids.map((id) => this.unblock(id, 'timeout')));
  }
}

/** What a client is told that was unblocked before its command had reached a server. */
function interruption(mode: UnblockMode | null): RespValue | null {
  switch (mode) {
    case null:
      return null;
    case 'timeout':
      return { kind: 'null', isArray: true };
    case 'error':
      return { kind: 'error', text: 'UNBLOCKED client unblocked via CLIENT UNBLOCK' };
  }
}
