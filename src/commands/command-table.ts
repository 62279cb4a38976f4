import { Renames } from './renames.js';
import type { CommandRow } from './types.js';

/** All commands of a database. Immutable; the order of `rows` is the order of publication. */
export class CommandTable {
  readonly rows: readonly CommandRow[];
  /** How clients call them, where that is not by their names. */
  readonly renames: Renames;
  readonly #byName: ReadonlyMap<string, CommandRow>;

  constructor(rows: readonly CommandRow[], renames = new Renames()) {
    this.rows = rows;
    this.renames = renames;
    this.#byName = new Map(rows.map((row) => [row.name, row]));
    if (this.#byName.size !== rows.length) {
      throw new Error('two rows of a command table have the same name');
    }
  }

  /** @param name Lower case; a subcommand is `container|subcommand`. */
  find(name: string): CommandRow | undefined {
    return this.#byName.get(name);
  }

  subcommandsOf(container: string): readonly CommandRow[] {
    return this.rows.filter((row) => row.name.startsWith(`${container}|`));
  }
}
