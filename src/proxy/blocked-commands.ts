import { setTimeout as pause } from 'node:timers/promises';
import type { BlockedClient, BlockedClients, BlockedWait, UnblockMode } from '../commands/index.js';
import type { DataPlane } from '../native/index.js';
import type { CommandArguments, RespReply, RespValue } from '../resp/index.js';

/** How often a client that is just on its way to a server is looked for again. */
const ATTEMPTS = 20;
const ATTEMPT_MS = 10;

interface Wait extends BlockedClient {
  /** It is not sent again, and how it is answered instead. */
  unblockedBy: UnblockMode | null;
  isInterrupted: boolean;
}

/** Clients whose command waits at a server, and how they are woken. */
export class BlockedCommands implements BlockedClients {
  readonly #waits = new Map<number, Wait>();
  readonly #plane: Pick<DataPlane, 'locate'>;
  readonly #execute: (nodeId: string, args: CommandArguments) => Promise<RespReply>;
  /** Presentations whose clients are to go. */
  readonly #ending = new Set<number>();
  #isEnding = false;

  /** @param execute Runs a command as the proxy. */
  constructor(
    plane: Pick<DataPlane, 'locate'>,
    execute: (nodeId: string, args: CommandArguments) => Promise<RespReply>,
  ) {
    this.#plane = plane;
    this.#execute = execute;
  }

  begin({ client, presentation }: BlockedClient): BlockedWait {
    const isOver = this.#isToGo(presentation);
    const wait: Wait = {
      client,
      presentation,
      unblockedBy: isOver ? 'timeout' : null,
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
        return { closesClient: this.#isToGo(presentation) };
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
  unblockAll(): Promise<void> {
    this.#isEnding = true;
    return this.#endWaits();
  }

  /** The same for the clients of these presentations, until `mayBlock` says otherwise. */
  unblockThose(presentations: readonly number[]): Promise<void> {
    for (const presentation of presentations) {
      this.#ending.add(presentation);
    }
    return this.#endWaits();
  }

  mayBlock(presentations: readonly number[]): void {
    for (const presentation of presentations) {
      this.#ending.delete(presentation);
    }
  }

  async #endWaits(): Promise<void> {
    const waits = [...this.#waits.values()].filter((wait) => this.#isToGo(wait.presentation));
    await Promise.allSettled(waits.map(({ client }) => this.unblock(client.id, 'timeout')));
  }

  #isToGo(presentation: number): boolean {
    return this.#isEnding || this.#ending.has(presentation);
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
