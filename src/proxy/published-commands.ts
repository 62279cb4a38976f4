import {
  applyPolicy,
  type CommandPolicy,
  CommandTable,
  coreTable,
  mergeServerCommands,
  toNativeRows,
} from '../commands/index.js';
import type { Logger } from '../log/logger.js';
import type { DataPlane } from '../native/index.js';
import type { TopologyMonitor } from '../topology/index.js';
import { keepPlaces } from './keep-places.js';

/** Shown by HELLO until a server has told its version. */
const ASSUMED_SERVER_VERSION = '7.0.0';

export interface PublishedCommandsOptions {
  readonly database: number;
  readonly plane: Pick<DataPlane, 'setCommands'>;
  readonly monitor: Pick<TopologyMonitor, 'execute' | 'fetchCommands'>;
  readonly log: Logger;
}

/** The command table of a database, as its servers have it and the configuration allows. */
export class PublishedCommands {
  readonly #options: PublishedCommandsOptions;
  #policy: CommandPolicy;
  #table = new CommandTable([]);
  #serverVersion = ASSUMED_SERVER_VERSION;

  constructor(policy: CommandPolicy, options: PublishedCommandsOptions) {
    this.#policy = policy;
    this.#options = options;
  }

  /** The one that was published last: requests name their command by its place in it. */
  get table(): CommandTable {
    return this.#table;
  }

  /** Of the servers, in the form of `redis_version` in INFO. */
  get serverVersion(): string {
    return this.#serverVersion;
  }

  /** Publishes the built-in table, with what the servers' modules add to it. */
  async learn(): Promise<void> {
    this.publish(await this.#ask());
  }

  publish(table: CommandTable): void {
    this.#table = keepPlaces(this.#table, applyPolicy(table, this.#policy));
    const rows = toNativeRows(this.#table).map((row) =>
      row.local === 'hello' ? { ...row, readyReply: this.#serverVersion } : row,
    );
    this.#options.plane.setCommands(this.#options.database, rows);
  }

  /** Publishes anew if the policy is another one. */
  async reconfigure(policy: CommandPolicy): Promise<void> {
    const isSame = JSON.stringify(policy) === JSON.stringify(this.#policy);
    this.#policy = policy;
    if (!isSame) {
      await this.learn();
    }
  }

  async #ask(): Promise<CommandTable> {
    const { monitor, log } = this.#options;
    try {
      const table = mergeServerCommands(coreTable(), await monitor.fetchCommands());
      const info = await monitor.execute('any-primary', ['INFO', 'server']);
      const text = info.kind === 'string' ? info.bytes.toString() : '';
      this.#serverVersion = /^redis_version:(\S+)/m.exec(text)?.[1] ?? this.#serverVersion;
      return table;
    } catch (error) {
      log.warn('the servers do not tell their commands; the built-in table is used', {
        reason: String(error),
      });
      return coreTable();
    }
  }
}
