/** A command that clients call otherwise than servers do. */
interface Rename {
  /** As servers call it. */
  readonly name: string;
  /** As clients call it; '': they cannot. */
  readonly called: string;
}

/** The form of `NAME=NEW`, in any case. */
const ENTRY = /^([^=|\s]+)=([a-z0-9_.:-]{0,64})$/;

/** Commands that clients call otherwise, or not at all; subcommands go with their container. */
export class Renames {
  readonly #byName: ReadonlyMap<string, string>;
  readonly #byCalled: ReadonlyMap<string, string>;

  /** @param entries Each `NAME=NEW`, or `NAME=`. @throws Error if one has another form. */
  constructor(entries: readonly string[] = []) {
    const renames = entries.map(parsed);
    this.#byName = new Map(renames.map(({ name, called }) => [name, called]));
    const callable = renames.filter(({ called }) => called !== '');
    this.#byCalled = new Map(callable.map(({ name, called }) => [called, name]));
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  /** As clients call it; undefined: they cannot. @param name Lower case; `container|subcommand`. */
  calledAs(name: string): string | undefined {
    const [first = '', ...rest] = name.split('|');
    const called = this.#byName.get(first);
    if (called === undefined) {
      // A command that was learned later may have a name that is taken.
      return this.#byCalled.has(first) ? undefined : name;
    }
    return called === '' ? undefined : [called, ...rest].join('|');
  }

  /** As servers call it; undefined: clients know no such command. @param called As `calledAs` says. */
  nameOf(called: string): string | undefined {
    const [first = '', ...rest] = called.split('|');
    const name = this.#byCalled.get(first);
    if (name !== undefined) {
      return [name, ...rest].join('|');
    }
    return this.#byName.has(first) ? undefined : called;
  }
}

/**
 * What is wrong with the entries of `renameCommands` together; undefined: nothing.
 * @param isKnown Whether there is such a command, as far as anybody can tell.
 */
export function renameProblem(
  entries: readonly string[],
  isKnown: (name: string) => boolean,
): string | undefined {
  const wrong = entries.find((entry) => !ENTRY.test(entry.toLowerCase()));
  if (wrong !== undefined) {
    return 'allowed is NAME=NEW, or NAME= for a command that nobody may call; subcommands go with their container';
  }
  const renames = entries.map(parsed);
  const renamed = new Set(renames.map(({ name }) => name));
  const called = renames.flatMap((rename) => (rename.called === '' ? [] : [rename.called]));
  const unknown = renames.find(({ name }) => !isKnown(name));
  if (unknown !== undefined) {
    return `there is no command "${unknown.name}", and commands of modules have a dot`;
  }
  if (renamed.size < renames.length || new Set(called).size < called.length) {
    return 'each command has one new name, and each name is for one command';
  }
  const taken = called.find((name) => isKnown(name) && !name.includes('.') && !renamed.has(name));
  return taken === undefined ? undefined : `"${taken}" is the name of another command`;
}

function parsed(entry: string): Rename {
  const [, name, called] = ENTRY.exec(entry.toLowerCase()) ?? [];
  if (name === undefined || called === undefined) {
    throw new Error(`${entry} is not of the form NAME=NEW`);
  }
  return { name, called };
}
