import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Built, installed, fetched or measured: not written by us. */
const NOT_OURS = new Set(['node_modules', 'dist', 'build', 'coverage', 'results']);

/**
 * @param folder Relative to the root; `.` for all of the project.
 * @param extensions With their dot.
 * @returns Paths relative to the root, sorted; none if there is no such folder.
 */
export function filesWith(folder: string, extensions: readonly string[]): string[] {
  return walk(join(ROOT, folder))
    .filter((path) => extensions.some((extension) => path.endsWith(extension)))
    .map((path) => relative(ROOT, path))
    .sort();
}

function walk(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return entry.isFile() ? [path] : [];
    return NOT_OURS.has(entry.name) || entry.name.startsWith('.') ? [] : walk(path);
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** @param path Relative to the root. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
