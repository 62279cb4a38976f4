import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { ROOT } from '../../support/root.js';

/** Where a run took place. */
export interface Environment {
  /** ISO 8601, UTC. */
  readonly date: string;
  /** With `+changes` if files differ from it; `none` outside of git. */
  readonly commit: string;
  /** For example `2 × Some CPU, Linux 6.1.0`. */
  readonly machine: string;
  /** Of Node. */
  readonly node: string;
  /** Runnable processes over the last minute, before the servers were started. */
  readonly loadAverage: number;
}

/** Results of earlier runs and the page made of them are no change of what is tested. */
const COUNTED_FILES = ['--', '.', ':!test/chaos/results', ':!docs'];
const COMMIT_DIGITS = 12;

export function describeEnvironment(): Environment {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: describeCommit(),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, Linux ${release()}`,
    node: process.version,
    loadAverage: loadavg()[0] ?? 0,
  };
}

/** @returns All digits of the commit that is checked out, or undefined outside of git. */
export function currentCommit(): string | undefined {
  const commit = git(['rev-parse', 'HEAD']).trim();
  return commit === '' ? undefined : commit;
}

function describeCommit(): string {
  const commit = currentCommit();
  if (commit === undefined) return 'none';
  const status = git(['status', '--porcelain', '--untracked-files=no', ...COUNTED_FILES]);
  return commit.slice(0, COMMIT_DIGITS) + (status.trim() === '' ? '' : '+changes');
}

function git(args: readonly string[]): string {
  return spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout ?? '';
}
