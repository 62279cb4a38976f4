import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identifyProcess, isProcessAlive, parseProcessIdentity } from './process-identity.js';

export type LockOutcome =
  | { readonly kind: 'acquired'; release(): void }
  | { readonly kind: 'held'; readonly pid: number };

/** Takes a lock file for this process. A lock whose holder is gone is taken over. */
export function acquireLock(path: string): LockOutcome {
  for (;;) {
    if (tryCreate(path)) return { kind: 'acquired', release: () => rmSync(path, { force: true }) };
    const holder = readHolder(path);
    if (holder !== undefined && isProcessAlive(holder)) return { kind: 'held', pid: holder.pid };
    rmSync(path, { force: true });
  }
}

/** Makes another process the holder of a lock that this one holds. */
export function passLock(path: string, pid: number): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, `${JSON.stringify(identifyProcess(pid))}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

function tryCreate(path: string): boolean {
  try {
    const holder = JSON.stringify(identifyProcess(process.pid));
    writeFileSync(path, `${holder}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string) {
  try {
    return parseProcessIdentity(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
