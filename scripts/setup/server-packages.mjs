/** Servers and their tools from the distribution's packages, unpacked into the project's cache. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isKnown, unpackPackages } from './apt.mjs';
import { CACHE } from './paths.mjs';
import { SetupProblem } from './problem.mjs';
import { capture, isExecutable } from './run.mjs';

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

async function unpackFamily(family) {
  const folder = join(CACHE, 'servers', family);
  const [redisServer, redisCli, redisBenchmark] = ['server', 'cli', 'benchmark'].map((tool) =>
    join(folder, 'usr', 'bin', `${family}-${tool}`),
  );
  const isComplete = await unpackPackages(
    folder,
    [`${family}-server`, `${family}-tools`],
    (name) => /^(lib|lua)/.test(name) && name !== 'libc6',
    () => hasLibraries([redisServer, redisCli, redisBenchmark], libraryEnvironment(folder)),
  );
  if (isComplete) return { redisServer, redisCli, redisBenchmark, env: libraryEnvironment(folder) };
  throw new SetupProblem(
    `Libraries of ${redisServer} are missing and not in its packages' dependencies.`,
    `Run: ldd ${redisServer}`,
  );
}

/** Names every folder that holds shared libraries: which ones depends on the distribution. */
function libraryEnvironment(folder) {
  const libraries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter(
    (entry) => !entry.isDirectory() && /\.so(\.|$)/.test(entry.name),
  );
  const folders = new Set(libraries.map((entry) => entry.parentPath));
  return folders.size === 0 ? {} : { LD_LIBRARY_PATH: [...folders].join(':') };
}

async function hasLibraries(programs, env) {
  for (const program of programs) {
    if (!isExecutable(program)) return false;
    const { output } = await capture('ldd', [program], { env });
    if (output.includes('not found')) return false;
  }
  return true;
}
