import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { acquireLock, passLock } from './directory-lock.js';
import { LocalClusterError } from './local-cluster-error.js';
import { type ProcessIdentity, parseProcessIdentity } from './process-identity.js';

/** What a data directory remembers of its cluster. */
export interface ClusterState {
  readonly primaries: number;
  readonly replicasPerPrimary: number;
  /** One per server, primaries first. */
  readonly ports: readonly number[];
  /** How many nodes there are. */
  readonly nodes: number;
  /** On which of them each server runs, from 0 on. */
  readonly places: readonly number[];
  /** False until the servers have become a cluster: before that, they hold no data. */
  readonly isFormed: boolean;
  /** The guard of the last run; while it lives, so may its servers. */
  readonly guard: ProcessIdentity | null;
}

/** Nodes of a local cluster, unless somebody says otherwise. */
export const NODES_DEFAULT = 3;

const STATE_FILE = 'cluster.json';
const LOCK_FILE = 'up.lock';

/** Where the data is if nobody says otherwise: XDG_DATA_HOME, else ~/.local/share. */
export function defaultDataDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_DATA_HOME;
  const parent = base !== undefined && isAbsolute(base) ? base : join(homedir(), '.local', 'share');
  return join(parent, 'slotgate', 'up');
}

/** How many nodes the cluster in a directory has; undefined if there is none, or none that can be read. */
export function rememberedNodes(path: string): number | undefined {
  try {
    return parseState(JSON.parse(readFileSync(join(resolve(path), STATE_FILE), 'utf8'))).nodes;
  } catch {
    return undefined;
  }
}

/** The folder of one local cluster, locked for this process. */
export class DataDirectory {
  readonly path: string;
  readonly isEphemeral: boolean;
  readonly #releaseLock: () => void;

  private constructor(path: string, isEphemeral: boolean, releaseLock: () => void) {
    this.path = path;
    this.isEphemeral = isEphemeral;
    this.#releaseLock = releaseLock;
  }

  /**
   * @param path `undefined` makes a temporary folder that `release` removes.
   * @throws LocalClusterError `data_directory_in_use` or `data_directory_invalid`.
   */
  static open(path: string | undefined): DataDirectory {
    const folder = path === undefined ? mkdtempSync(join(tmpdir(), 'slotgate-up-')) : resolve(path);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
      const lock = acquireLock(join(folder, LOCK_FILE));
      if (lock.kind === 'acquired') {
        return new DataDirectory(folder, path === undefined, lock.release);
      }
      throw new LocalClusterError(
        'data_directory_in_use',
        `the local cluster in ${folder} already runs (pid ${lock.pid}); stop it, or use another ` +
          'one with --dir, or --ephemeral',
      );
    } catch (error) {
      if (error instanceof LocalClusterError) throw error;
      throw invalid(folder, error);
    }
  }

  /** A directory that another process has locked for this one. */
  static adopt(path: string, isEphemeral: boolean): DataDirectory {
    return new DataDirectory(path, isEphemeral, () =>
      rmSync(join(path, LOCK_FILE), { force: true }),
    );
  }

  /** The directory is another process's from now on. */
  passTo(pid: number): void {
    passLock(join(this.path, LOCK_FILE), pid);
  }

  /** Folder of one server's data; made if it is missing. */
  serverFolder(index: number): string {
    const folder = join(this.path, `server-${index + 1}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Removes the data of servers that never became a cluster. */
  clearServers(count: number): void {
    for (let index = 0; index < count; index++) {
      rmSync(join(this.path, `server-${index + 1}`), { recursive: true, force: true });
    }
  }

  /** Undefined in a new directory. @throws LocalClusterError `data_directory_invalid`. */
  readState(): ClusterState | undefined {
    let text: string;
    try {
      text = readFileSync(join(this.path, STATE_FILE), 'utf8');
    } catch {
      return undefined;
    }
    try {
      return parseState(JSON.parse(text));
    } catch (error) {
      throw invalid(join(this.path, STATE_FILE), error);
    }
  }

  /** Replaces the state as a whole: a crash leaves the old or the new one. */
  writeState(state: ClusterState): void {
    const temporary = join(this.path, `${STATE_FILE}.new`);
    writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, join(this.path, STATE_FILE));
  }

  release(): void {
    this.#releaseLock();
    if (this.isEphemeral) rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

function invalid(path: string, cause: unknown): LocalClusterError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LocalClusterError('data_directory_invalid', `${path} cannot be used: ${reason}`, {
    cause,
  });
}

function parseState(value: unknown): ClusterState {
  const fields: Partial<Record<keyof ClusterState, unknown>> = Object(value);
  const { ports, isFormed } = fields;
  if (!Array.isArray(ports) || !ports.every(isPositive))
    throw new Error('ports is no list of ports');
  // Directories of before there were nodes have all servers on one address.
  const { nodes = NODES_DEFAULT, places = ports.map(() => 0) } = fields;
  if (!Array.isArray(places) || !places.every(isIndex) || places.length !== ports.length)
    throw new Error('places does not name a node for each server');
  return {
    primaries: positive(fields.primaries, 'primaries'),
    replicasPerPrimary:
      fields.replicasPerPrimary === 0
        ? 0
        : positive(fields.replicasPerPrimary, 'replicasPerPrimary'),
    ports,
    nodes: positive(nodes, 'nodes'),
    places,
    isFormed: isFormed === true,
    guard: parseProcessIdentity(fields.guard) ?? null,
  };
}

function positive(value: unknown, name: string): number {
  if (!isPositive(value)) throw new Error(`${name} is no positive number`);
  return value;
}

function isIndex(value: unknown): value is number {
  return value === 0 || isPositive(value);
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
