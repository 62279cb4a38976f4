import { setTimeout as pause } from 'node:timers/promises';
import type { BlockedClients, BlockedWait, UnblockMode } from '../commands/index.js';
import type { ClientRef, DataPlane } from '../native/index.js';
import type { CommandArguments, RespReply, RespValue } from '../resp/index.js';

/** How often a client that is just on its way to a server is looked for again. */
const ATTEMPTS = 20;
const ATTEMPT_MS = 10;

interface Wait {
  readonly client: ClientRef;
  /** It is not sent again, and how it is answered instead. */
  unblockedBy: UnblockMode | null;
  isInterrupted: boolean;
}

/** Clients whose command waits at a server, and how they are woken. */
export class BlockedCommands implements BlockedClients {
  readonly #waits = new Map<number, Wait>();
  readonly #plane: Pick<DataPlane, 'locate'>;
  readonly #execute: (nodeId: string, args: CommandArguments) => Promise<RespReply>;
  #isEnding = false;

  /** @param execute Runs a command as the proxy. */
  constructor(
    plane: Pick<DataPlane, 'locate'>,
    execute: (nodeId: string, args: CommandArguments) => Promise<RespReply>,
  ) {
    this.#plane = plane;
    this.#execute = execute;
  }

  begin(client: ClientRef): BlockedWait {
    const wait: Wait = {
      client,
      unblockedBy: this.#isEnding ? 'timeout' : null,
      isInterrupted: false,
    };
    this.#waits.set(client.id, wait);
    return {
      interrupted: () => {
        wait.isInterrupted = wait.unblockedBy !== null;
        return interruption(wait.unblockedBy);
      },
      end: () => {
        this.#waits.delete(client.id);
        return { closesClient: this.#isEnding };
      },
    };
  }

  async unblock(clientId: number, mode: UnblockMode): Promise<boolean> {
    const wait = this.#waits.get(clientId);
    if (wait === undefined) {
      return false;
    }
    const isWaiting = () => this.#waits.get(clientId) === wait;
    let isWoken = false;
    for (let attempt = 0; attempt < ATTEMPTS && isWaiting(); attempt++) {
      const places = await this.#plane.locate(wait.client);
      const waiting = places.filter(({ kind }) => kind === 'reply');
      if (waiting.length < places.length) {
        // Between two servers, or on its way to one.
        wait.unblockedBy = mode;
      }
      const woken = await Promise.all(
        waiting.map(({ bytes }) => this.#unblockAt(bytes.toString(), mode)),
      );
      isWoken ||= woken.includes(true);
      if (isWoken && !woken.includes(false)) {
        return true;
      }
      await pause(ATTEMPT_MS);
    }
    return isWoken || wait.isInterrupted || (isWaiting() && wait.unblockedBy !== null);
  }

  /**
   * The proxy stops: ends all waits, as if their time were over. Those that begin now end at once, and
   * clients are closed behind the answer. What cannot be ended stays.
   */
  async unblockAll(): Promise<void> {
    this.#isEnding = true;
    const ids = [...this.#waits.keys()];
    await Promise.allSettled(ids.map((id) => this.unblock(id, 'timeout')));
  }

  /** @param place `<node id> <id of the connection there>`. */
  async #unblockAt(place: string, mode: UnblockMode): Promise<boolean> {
    const [nodeId = '', linkId = ''] = place.split(' ');
    const words = ['CLIENT', 'UNBLOCK', linkId, mode.toUpperCase()];
    const reply = await this.#execute(nodeId, words);
    return reply.kind === 'integer' && Number(reply.value) === 1;
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
