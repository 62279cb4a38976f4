/** Step "packages": node_modules as package-lock.json says. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ROOT } from './paths.mjs';
import { runQuietly } from './run.mjs';

/** @type {import('./steps.mjs').Step} */
export const packages = {
  name: 'packages',
  isDone: () => isLockUpToDate() && isInstalledAsLocked(),
  async run() {
    // No package of ours needs its install scripts; the addon is a step of its own.
    await runQuietly('npm', ['ci', '--ignore-scripts', '--include=dev', '--include=optional'], {
      remedy: 'Check that the npm registry can be reached ("npm ping"), then run it again.',
    });
  },
};

/** If it is not, npm ci says what is wrong. */
function isLockUpToDate() {
  const manifest = readJson('package.json');
  const locked = readJson('package-lock.json')?.packages[''];
  return ['dependencies', 'devDependencies', 'optionalDependencies'].every((kind) =>
    isDeepStrictEqual(manifest?.[kind], locked?.[kind]),
  );
}

/** Compares with npm's own record of what it installed, which it writes last. */
function isInstalledAsLocked() {
  const locked = readJson('package-lock.json')?.packages ?? {};
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  if (installed === undefined) return false;
  return Object.entries(locked).every(([path, { version, optional }]) => {
    // Optional ones are mostly for other platforms.
    if (path === '' || (optional === true && installed[path] === undefined)) return true;
    return installed[path]?.version === version && existsSync(join(ROOT, path, 'package.json'));
  });
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
  } catch {
    return undefined;
  }
}
