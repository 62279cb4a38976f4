/**
 * Debian's or Ubuntu's packages, unpacked into the project's cache: no root, nothing installed, no
 * service started. The package lists of the system are used; only where they are missing or out of
 * date, lists are fetched into the cache.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './paths.mjs';
import { capture, findInPath, runQuietly } from './run.mjs';

const APT_CACHE = join(CACHE, 'apt');
/** Makes apt use lists of the project's own. */
const PRIVATE_LISTS = [
  '-o',
  `Dir::State::lists=${join(APT_CACHE, 'lists')}`,
  '-o',
  `Dir::Cache=${join(APT_CACHE, 'cache')}`,
];

/** @returns {boolean} */
export function isAptSystem() {
  return ['apt-get', 'dpkg', 'dpkg-deb'].every((tool) => findInPath(tool) !== undefined);
}

/** @returns {Promise<boolean>} Whether the lists that apt has name a version of the package. */
export async function isKnown(name) {
  const { output } = await capture('apt-cache', ['policy', name], { env: { LC_ALL: 'C' } });
  return /Candidate: (?!\(none\))\S/.test(output);
}

/**
 * Empties a folder and unpacks packages there, then what they depend on and the system has not,
 * until it is enough.
 * @param {string} folder
 * @param {readonly string[]} names Of the packages to begin with.
 * @param {(name: string) => boolean} isWanted Which dependencies may be unpacked, too.
 * @param {() => Promise<boolean>} isComplete Asked after each round.
 * @returns {Promise<boolean>} False if all is unpacked and still not enough.
 * @throws {import('./problem.mjs').SetupProblem} if a package cannot be had.
 */
export async function unpackPackages(folder, names, isWanted, isComplete) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'packages'), { recursive: true });
  const tried = new Set();
  let wanted = names;
  while (wanted.length > 0) {
    for (const name of wanted) tried.add(name);
    const archives = await download(folder, wanted);
    for (const archive of archives) await runQuietly('dpkg', ['-x', archive, folder]);
    if (await isComplete()) return true;
    wanted = await missingDependencies(archives, (name) => isWanted(name) && !tried.has(name));
  }
  return false;
}

/** @returns {Promise<string[]>} The archives fetched, as full paths. */
async function download(folder, names) {
  const packages = join(folder, 'packages');
  const before = new Set(readdirSync(packages));
  const options = existsSync(join(APT_CACHE, 'lists')) ? PRIVATE_LISTS : [];
  const { status } = await capture('apt-get', [...options, 'download', ...names], {
    cwd: packages,
  });
  if (status !== 0) await downloadWithFreshLists(packages, names);
  return readdirSync(packages)
    .filter((file) => file.endsWith('.deb') && !before.has(file))
    .map((file) => join(packages, file));
}

async function downloadWithFreshLists(packages, names) {
  mkdirSync(join(APT_CACHE, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(APT_CACHE, 'cache', 'archives', 'partial'), { recursive: true });
  const remedy = "Check that the system's package servers can be reached, or install by hand.";
  try {
    await runQuietly('apt-get', [...PRIVATE_LISTS, 'update'], { remedy });
    await runQuietly('apt-get', [...PRIVATE_LISTS, 'download', ...names], {
      cwd: packages,
      remedy,
    });
  } catch (error) {
    rmSync(APT_CACHE, { recursive: true, force: true });
    throw error;
  }
}

/** @returns {Promise<string[]>} What the archives depend on, is wanted, and the system has not. */
async function missingDependencies(archives, isWanted) {
  const missing = new Set();
  for (const archive of archives) {
    const field = await runQuietly('dpkg-deb', ['--field', archive, 'Depends']);
    for (const dependency of field.split(',')) {
      const name = dependency.split('|')[0].trim().split(/[ :(]/)[0];
      if (isWanted(name) && !missing.has(name) && !(await isInstalled(name))) missing.add(name);
    }
  }
  return [...missing];
}

async function isInstalled(name) {
  const { output } = await capture('dpkg-query', ['--status', name], { env: { LC_ALL: 'C' } });
  return output.includes('Status: install ok installed');
}
