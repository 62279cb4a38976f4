import { isNode, LineCounter, parseDocument } from 'yaml';
import type { Parsed } from './addresses.js';
import { shown } from './messages.js';

export type Tree = Readonly<Record<string, unknown>>;
export type Path = readonly PropertyKey[];

/** Finds the line of a path that is in the file. */
type LineFinder = (path: readonly unknown[]) => number | undefined;

/** What a configuration file holds, and where. */
export class ConfigFile {
  readonly #name: string;
  readonly tree: Tree;
  readonly #lineOf: LineFinder;

  private constructor(name: string, tree: Tree, lineOf: LineFinder) {
    this.#name = name;
    this.tree = tree;
    this.#lineOf = lineOf;
  }

  /** Without a file: one that holds nothing. */
  static parse(
    file: { readonly name: string; readonly text: string } | undefined,
  ): Parsed<ConfigFile> {
    if (file === undefined) {
      return { kind: 'ok', value: new ConfigFile('the configuration', {}, () => undefined) };
    }
    const lines = new LineCounter();
    const document = parseDocument(file.text, { prettyErrors: true, lineCounter: lines });
    const error = document.errors[0];
    if (error !== undefined) return { kind: 'bad', problem: `is not YAML: ${error.message}` };
    // Aliases are expanded at most so often: a small file must not become a big configuration.
    const tree: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
    if (!isTree(tree)) {
      return { kind: 'bad', problem: `must hold settings (key: value), not ${shown(tree)}` };
    }
    const lineOf: LineFinder = (path) => {
      const node: unknown = document.getIn(path, true);
      return isNode(node) && node.range ? lines.linePos(node.range[0]).line : undefined;
    };
    return { kind: 'ok', value: new ConfigFile(file.name, tree, lineOf) };
  }

  /** For messages: `slotgate.yaml:7`, the line of the path or of what there is of it. */
  where(path: Path): string {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lineOf(path.slice(0, length));
      if (line !== undefined) return `${this.#name}:${line}`;
    }
    return this.#name;
  }

  /** The value at a path; undefined if there is none. */
  at(path: Path): unknown {
    return valueAt(this.tree, path);
  }
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value that names and indexes lead to from another one; undefined if there is none. */
export function valueAt(from: unknown, path: Path): unknown {
  let value = from;
  for (const name of path) {
    if (!isTree(value) && !Array.isArray(value)) return undefined;
    value = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  }
  return value;
}

/** `databases[1].upstream.username`. */
export function formatPath(path: Path): string {
  return path
    .map((name, i) =>
      typeof name === 'number' ? `[${name}]` : `${i === 0 ? '' : '.'}${String(name)}`,
    )
    .join('');
}
