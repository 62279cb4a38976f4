import type { ScriptCache } from '../commands/index.js';
import type { Logger } from '../log/logger.js';
import type { DataPlane } from '../native/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';

/** Runs a command at a server as the proxy. */
export type ExecuteAt = (nodeId: string, args: CommandArguments) => Promise<RespReply>;

export interface ScriptOptions {
  readonly database: number;
  readonly plane: Pick<
    DataPlane,
    'learnScript' | 'hasScript' | 'scriptBody' | 'clearScripts' | 'scriptChecked'
  >;
  readonly execute: ExecuteAt;
  readonly log: Logger;
}

const DIGEST = /^[0-9a-f]{40}$/i;

/**
 * The scripts of a database. The workers keep the bodies, and load them over the links on which they
 * are run. What a link's user may not load, and what somebody flushed at a server, is loaded here.
 */
export class Scripts implements ScriptCache {
  readonly #options: ScriptOptions;
  readonly #repairs = new Map<string, Promise<boolean>>();

  constructor(options: ScriptOptions) {
    this.#options = options;
  }

  learn(body: Buffer): void {
    this.#options.plane.learnScript(this.#options.database, body);
  }

  clear(): void {
    this.#options.plane.clearScripts(this.#options.database);
  }

  has(digest: string): boolean {
    return DIGEST.test(digest) && this.#options.plane.hasScript(this.#options.database, digest);
  }

  /**
   * A server answered that it does not have a script that we know. It is asked again: the words may
   * have been the script's own. Only if it really does not have it, it is loaded, and the request is
   * repeated. Never rejects.
   */
  async repair(nodeId: string, digest: string): Promise<void> {
    const key = `${nodeId} ${digest}`;
    const running = this.#repairs.get(key);
    if (running !== undefined) {
      await running; // Its end settles all requests that wait for this script by then.
      return;
    }
    const repair = this.#loadIfMissing(nodeId, digest);
    this.#repairs.set(key, repair);
    const isLoaded = await repair;
    this.#repairs.delete(key);
    const { plane, database } = this.#options;
    plane.scriptChecked(database, nodeId, digest, isLoaded);
  }

  async #loadIfMissing(nodeId: string, digest: string): Promise<boolean> {
    const { plane, database, execute, log } = this.#options;
    const body = plane.scriptBody(database, digest);
    if (body === undefined) {
      return false;
    }
    try {
      const exists = await execute(nodeId, ['SCRIPT', 'EXISTS', digest]);
      const reply = isMissing(exists) ? await execute(nodeId, ['SCRIPT', 'LOAD', body]) : exists;
      if (reply.kind === 'error') {
        log.warn('a script could not be loaded at a server that lacks it', {
          nodeId,
          digest,
          reason: reply.message,
        });
      }
      return reply.kind === 'string';
    } catch (error) {
      log.debug('a server that lacks a script could not be asked', {
        nodeId,
        digest,
        reason: String(error),
      });
      return false;
    }
  }
}

/** Whether the reply of SCRIPT EXISTS for one digest says no. */
function isMissing(reply: RespReply): boolean {
  const item = reply.kind === 'array' ? reply.items[0] : undefined;
  return item?.kind === 'integer' && Number(item.value) === 0;
}
