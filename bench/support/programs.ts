import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PROJECT_ROOT } from './paths.js';

const run = promisify(execFile);

const CACHE = join(PROJECT_ROOT, '.cache');

/** What the set-up has found or unpacked; written by scripts/setup/servers.mjs. */
const programsSchema = z.object({
  redisServer: z.string(),
  redisBenchmark: z.string(),
  /** Environment that these programs need, for example to find their libraries. */
  env: z.record(z.string(), z.string()),
});

export type ServerPrograms = Readonly<z.infer<typeof programsSchema>>;

/** @throws If the set-up has not run. */
export async function serverPrograms(): Promise<ServerPrograms> {
  const path = join(CACHE, 'servers.json');
  try {
    return programsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new Error(`${path} is missing or incomplete; run: node scripts/setup.mjs servers`, {
      cause: error,
    });
  }
}

export async function findInPath(name: string): Promise<string | undefined> {
  const directories = (process.env.PATH ?? '').split(delimiter);
  // Debian puts daemons where an ordinary user's PATH may not lead.
  for (const directory of [...directories, '/usr/sbin', '/usr/local/sbin']) {
    const path = join(directory, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** A program of a Debian package, unpacked into the cache and not installed; undefined elsewhere. */
export async function unpackDebianProgram(
  packageName: string,
  pathInPackage: string,
): Promise<string | undefined> {
  const directory = join(CACHE, 'bench', packageName);
  const program = join(directory, pathInPackage);
  if (await isExecutable(program)) return program;
  await mkdir(directory, { recursive: true });
  try {
    await run('apt-get', ['download', packageName], { cwd: directory });
    const archive = (await readdir(directory)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) return undefined;
    await run('dpkg', ['-x', archive, '.'], { cwd: directory });
  } catch {
    return undefined;
  }
  return (await isExecutable(program)) ? program : undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
