import { execFile } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from './paths.js';

const run = promisify(execFile);

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** Runnable processes over the last minute, before the benchmark started anything. */
  readonly loadAverage: number;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: release(),
    loadAverage: loadavg()[0] ?? 0,
  };
}

/** The commit of the checkout, with `+changes` if files differ from it; `none` outside of git. */
export async function describeCommit(): Promise<string> {
  try {
    const commit = await run('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: PROJECT_ROOT,
    });
    // Results of earlier runs and the page made of them are no change of what is measured.
    const paths = ['--', '.', ':!bench/results', ':!docs'];
    const args = ['status', '--porcelain', '--untracked-files=no', ...paths];
    const status = await run('git', args, { cwd: PROJECT_ROOT });
    return commit.stdout.trim() + (status.stdout.trim() === '' ? '' : '+changes');
  } catch {
    return 'none';
  }
}
