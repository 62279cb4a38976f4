/** Stamps: what a step was made from, so that it is done again only when that changes. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from './paths.mjs';

const STAMPS = join(CACHE, 'stamps');

/** @returns {string[]} All files under a folder of the project, relative to its root, sorted. */
export function filesUnder(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}

/**
 * @param {readonly string[]} files Relative to the project's root.
 * @param {readonly string[]} facts What else the result depends on.
 * @returns {string} A digest of names, contents and facts.
 */
export function digest(files, facts) {
  const hash = createHash('sha256');
  for (const fact of facts) hash.update(`${fact}\0`);
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

/** @returns {boolean} Whether the step was last finished with this digest. */
export function isStamped(step, value) {
  try {
    return readFileSync(join(STAMPS, step), 'utf8') === value;
  } catch {
    return false;
  }
}

/** Remembers that the step is finished. */
export function stamp(step, value) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, step), value);
}

/** Forgets a step before it is begun, so that one that was interrupted is done again. */
export function unstamp(step) {
  rmSync(join(STAMPS, step), { force: true });
}
