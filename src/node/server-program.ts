import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalClusterError } from './local-cluster-error.js';

/** A server program, and what its environment needs beside the usual. */
export interface ServerProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the set-up of a checkout found or unpacked; absent in an installed package. */
const SETUP_RECORD = fileURLToPath(new URL('../../.cache/servers.json', import.meta.url));
const NAMES = ['valkey-server', 'redis-server'];

/**
 * The server that the project's set-up recorded, else the first one in PATH.
 * @throws LocalClusterError `server_program_missing`, with what to install.
 */
export function findServerProgram(
  env: NodeJS.ProcessEnv = process.env,
  recordPath: string = SETUP_RECORD,
): ServerProgram {
  const found = recordedProgram(recordPath) ?? programInPath(env.PATH ?? '');
  if (found !== undefined) return found;
  throw new LocalClusterError(
    'server_program_missing',
    'a local cluster needs redis-server or valkey-server 7 or later, and neither is in PATH; ' +
      'install one (Debian, Ubuntu: apt-get install redis-server; Fedora: dnf install valkey; ' +
      'Alpine: apk add valkey; macOS: brew install valkey), or, from a checkout, run npm start, ' +
      'which fetches it',
  );
}

function recordedProgram(recordPath: string): ServerProgram | undefined {
  let record: unknown;
  try {
    record = JSON.parse(readFileSync(recordPath, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null || !('redisServer' in record)) return undefined;
  const path = record.redisServer;
  if (typeof path !== 'string' || !isExecutable(path)) return undefined;
  const extra = 'env' in record && typeof record.env === 'object' ? record.env : null;
  const texts = Object.entries(extra ?? {}).filter(([, value]) => typeof value === 'string');
  return { path, env: Object.fromEntries(texts) };
}

function programInPath(searchPath: string): ServerProgram | undefined {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = candidates.find(isExecutable);
  return path === undefined ? undefined : { path, env: {} };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
