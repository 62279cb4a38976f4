import type { Logger } from '../log/logger.js';
import type { RespReply } from '../resp/index.js';
import type { ClusterTopology, ServerNode } from '../topology/index.js';
import type { ExecuteAt } from './scripts.js';

export interface FunctionOptions {
  readonly execute: ExecuteAt;
  readonly log: Logger;
}

/** Errors of a server that will answer later. */
const NOT_NOW = /^(LOADING|BUSY)\b/;

/**
 * Gives new primaries the functions that the others have: FUNCTION LOAD reaches the shards of its time
 * only, and servers do not copy functions when slots move. A primary that joins is looked at when it is
 * first seen, mostly before it has slots, and again when it has some. What cannot be looked at now is
 * looked at with the next topology.
 */
export class FunctionCopier {
  readonly #options: FunctionOptions;
  /** Who was looked at, by node id and whether it had slots. */
  #seen: Set<string> | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: FunctionOptions) {
    this.#options = options;
  }

  /**
   * Looks at the primaries that are new in this topology. Those of the first one are taken as they are.
   * @returns Settled when all have been looked at. Never rejects.
   */
  adopt(topology: ClusterTopology): Promise<void> {
    const primaries = topology.servers.filter(
      ({ role, flags }) => role === 'primary' && !flags.includes('fail'),
    );
    const before = this.#seen;
    this.#seen = new Set(primaries.map(keyOf));
    const added = before === null ? [] : primaries.filter((server) => !before.has(keyOf(server)));
    for (const server of added) {
      const others = primaries.filter((other) => other.hasSlots && !added.includes(other));
      this.#running = this.#running.then(() => this.#complete(server, others));
    }
    return this.#running;
  }

  async #complete(server: ServerNode, others: readonly ServerNode[]): Promise<void> {
    const { log } = this.#options;
    const where = labelOf(server);
    try {
      const present = await this.#libraries(server);
      const source = await this.#firstWithLibraries(others);
      if (present === null || source === null) {
        return;
      }
      const missing = source.libraries.filter((name) => !present.includes(name));
      if (missing.length === 0) {
        return;
      }
      const refusal = await this.#copy(source.server, server);
      if (refusal === null) {
        log.info('functions copied to a new primary', {
          server: where,
          from: labelOf(source.server),
          libraries: missing.join(' '),
        });
      } else {
        log.warn('functions could not be copied to a new primary; FUNCTION LOAD them again', {
          server: where,
          reason: refusal,
        });
      }
    } catch (error) {
      this.#seen?.delete(keyOf(server));
      log.debug('the functions of a new primary could not be looked at yet', {
        server: where,
        reason: String(error),
      });
    }
  }

  async #firstWithLibraries(servers: readonly ServerNode[]) {
    for (const server of servers) {
      const libraries = await this.#libraries(server);
      if (libraries !== null && libraries.length > 0) {
        return { server, libraries };
      }
    }
    return null;
  }

  /**
   * Names of libraries; null where servers know no functions, or we may not ask for them.
   * @throws Error if the server cannot answer now.
   */
  async #libraries({ nodeId }: ServerNode): Promise<readonly string[] | null> {
    const reply = await this.#options.execute(nodeId, ['FUNCTION', 'LIST']);
    if (reply.kind === 'error' && NOT_NOW.test(reply.message)) {
      throw new Error(reply.message);
    }
    return reply.kind === 'array' ? reply.items.map(libraryName) : null;
  }

  /** @returns Null, or the server's refusal. */
  async #copy(from: ServerNode, to: ServerNode): Promise<string | null> {
    const dump = await this.#options.execute(from.nodeId, ['FUNCTION', 'DUMP']);
    if (dump.kind !== 'string') {
      return dump.kind === 'error' ? dump.message : 'FUNCTION DUMP gave no payload';
    }
    const restored = await this.#options.execute(to.nodeId, [
      ...(['FUNCTION', 'RESTORE'] as const),
      dump.bytes,
      'REPLACE',
    ]);
    return restored.kind === 'error' ? restored.message : null;
  }
}

function keyOf({ nodeId, hasSlots }: ServerNode): string {
  return `${nodeId} ${hasSlots ? 'with slots' : 'without slots'}`;
}

function labelOf({ announced }: ServerNode): string {
  return `${announced.host}:${announced.port}`;
}

/** From an entry of FUNCTION LIST: names and values in turn. */
function libraryName(entry: RespReply): string {
  const items = entry.kind === 'array' ? entry.items : [];
  const index = items.findIndex(
    (item, i) => i % 2 === 0 && item.kind === 'string' && String(item.bytes) === 'library_name',
  );
  const name = items[index + 1];
  return index >= 0 && name?.kind === 'string' ? name.bytes.toString() : '';
}
