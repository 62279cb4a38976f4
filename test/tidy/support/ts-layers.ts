import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** From top to bottom; a layer imports lower ones only, and layers on one line not each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['main'],
  ['cli'],
  ['node'],
  ['api', 'cluster', 'modules'],
  ['proxy'],
  ['commands'],
  ['placement'],
  ['native'],
  ['topology'],
  ['shards'],
  ['resp'],
  ['config', 'store', 'http', 'metrics', 'log'],
  ['errors'],
];

const RANKS = new Map(
  LAYERS.flatMap((names, rank) => names.map((name): [string, number] => [name, rank])),
);

/** All modules that a source text imports, statically, as types only or dynamically, as written. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
}

/**
 * @param file Like `src/proxy/proxy.ts`.
 * @param specifier As written; ours begin with a dot.
 * @returns The imported file, like `src/errors/index.ts`; undefined for packages.
 */
export function resolveImport(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts');
}

/** `proxy` for `src/proxy/proxy.ts`, `main` for `src/main.ts`. */
export function layerOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '');
}

/** @returns What is wrong with one file importing another, or undefined. */
export function layerFault(from: string, to: string): string | undefined {
  const fromLayer = layerOf(from);
  const toLayer = layerOf(to);
  if (!to.startsWith('src/')) return `${from} imports ${to}, outside of src`;
  if (fromLayer === toLayer) return undefined;
  const fromRank = RANKS.get(fromLayer);
  const toRank = RANKS.get(toLayer);
  if (fromRank === undefined) return `${from}: ${fromLayer} is not in the order of layers`;
  if (toRank === undefined) return `${to}: ${toLayer} is not in the order of layers`;
  return toRank > fromRank ? undefined : `${from} (${fromLayer}) imports ${to} (${toLayer})`;
}
