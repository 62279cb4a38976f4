/**
 * Servers from Debian's or Ubuntu's packages, unpacked into the project's cache: no root, nothing
 * installed, no service started. The package lists of the system are used; only where they are
 * missing or out of date, lists are fetched into the cache.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './paths.mjs';
import { SetupProblem } from './problem.mjs';
import { capture, findInPath, isExecutable, runQuietly } from './run.mjs';

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

/**
 * @returns {Promise<object[]>} Servers without their version: Redis, and Valkey where apt has it.
 * @throws {SetupProblem} if Redis cannot be had.
 */
export async function unpackServers() {
  const redis = await unpackFamily('redis');
  const valkey = (await isKnown('valkey-server')) ? await unpackIfPossible('valkey') : [];
  return [redis, ...valkey];
}

async function unpackIfPossible(family) {
  try {
    return [await unpackFamily(family)];
  } catch (error) {
    if (error instanceof SetupProblem) return [];
    throw error;
  }
}

/** @returns {Promise<boolean>} Whether the lists that apt has name a version of the package. */
async function isKnown(name) {
  const { output } = await capture('apt-cache', ['policy', name], { env: { LC_ALL: 'C' } });
  return /Candidate: (?!\(none\))\S/.test(output);
}

async function unpackFamily(family) {
  const folder = join(CACHE, 'servers', family);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'packages'), { recursive: true });
  const [redisServer, redisCli, redisBenchmark] = ['server', 'cli', 'benchmark'].map((tool) =>
    join(folder, 'usr', 'bin', `${family}-${tool}`),
  );
  let wanted = [`${family}-server`, `${family}-tools`];
  const tried = new Set();
  while (wanted.length > 0) {
    for (const name of wanted) tried.add(name);
    const archives = await download(folder, wanted);
    for (const archive of archives) await runQuietly('dpkg', ['-x', archive, folder]);
    const env = libraryEnvironment(folder);
    if (!(await lacksLibraries([redisServer, redisCli, redisBenchmark], env))) {
      return { redisServer, redisCli, redisBenchmark, env };
    }
    wanted = await missingDependencies(archives, tried);
  }
  throw new SetupProblem(
    `Libraries of ${redisServer} are missing and not in its packages' dependencies.`,
    `Run: ldd ${redisServer}`,
  );
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

/** Names every folder that holds shared libraries: which ones depends on the distribution. */
function libraryEnvironment(folder) {
  const libraries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter(
    (entry) => !entry.isDirectory() && /\.so(\.|$)/.test(entry.name),
  );
  const folders = new Set(libraries.map((entry) => entry.parentPath));
  return folders.size === 0 ? {} : { LD_LIBRARY_PATH: [...folders].join(':') };
}

async function lacksLibraries(programs, env) {
  for (const program of programs) {
    if (!isExecutable(program)) return true;
    const { output } = await capture('ldd', [program], { env });
    if (output.includes('not found')) return true;
  }
  return false;
}

/** @returns {Promise<string[]>} Libraries that the archives depend on and the system has not. */
async function missingDependencies(archives, tried) {
  const wanted = [];
  for (const archive of archives) {
    const field = await runQuietly('dpkg-deb', ['--field', archive, 'Depends']);
    for (const dependency of field.split(',')) {
      const name = dependency.split('|')[0].trim().split(/[ :(]/)[0];
      const isLibrary = /^(lib|lua)/.test(name) && name !== 'libc6';
      if (!isLibrary || tried.has(name) || wanted.includes(name)) continue;
      if (!(await isInstalled(name))) wanted.push(name);
    }
  }
  return wanted;
}

async function isInstalled(name) {
  const { output } = await capture('dpkg-query', ['--status', name], { env: { LC_ALL: 'C' } });
  return output.includes('Status: install ok installed');
}
