import { itemsOf, textOf } from '../commands/index.js';
import type { Logger } from '../log/logger.js';
import type { RespReply } from '../resp/index.js';
import type { TopologyMonitor } from '../topology/index.js';

export interface LoadedModulesOptions {
  readonly monitor: Pick<TopologyMonitor, 'execute'>;
  readonly log: Logger;
}

/** The modules that the servers of a database have loaded; they are taken to have the same. */
export class LoadedModules {
  readonly #options: LoadedModulesOptions;
  #names: readonly string[] = [];

  constructor(options: LoadedModulesOptions) {
    this.#options = options;
  }

  /** As MODULE LIST names them; empty until a server has answered. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Asks a primary. If none answers, what is known stays. Never rejects. */
  async refresh(): Promise<void> {
    const { monitor, log } = this.#options;
    try {
      const reply = await monitor.execute('any-primary', ['MODULE', 'LIST']);
      if (reply.kind === 'error') {
        log.debug('the servers do not tell their modules', { reason: reply.message });
        return;
      }
      this.#names = itemsOf(reply).map(nameOf);
    } catch (error) {
      log.debug('the servers do not tell their modules', { reason: String(error) });
    }
  }
}

/** Of an entry of MODULE LIST: field, value, field, value, … */
function nameOf(entry: RespReply): string {
  const fields = itemsOf(entry);
  const at = fields.findIndex((field, index) => index % 2 === 0 && textOf(field) === 'name');
  return at < 0 ? '' : textOf(fields[at + 1]);
}
