import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

type ReadText = (path: string) => string | undefined;

/**
 * Worker threads meant by `auto`: the CPU quota of the cgroup rounded up, at most the CPUs that
 * this process may run on. Node's own count ignores the quota.
 */
export function automaticThreads(
  readText: ReadText = readTextFile,
  cpus: number = availableParallelism(),
): number {
  const quota = cgroupV2Quota(readText) ?? cgroupV1Quota(readText);
  return Math.max(1, Math.min(cpus, quota === undefined ? cpus : Math.ceil(quota)));
}

/** The tightest `cpu.max` from this process's cgroup up to the root. */
function cgroupV2Quota(readText: ReadText): number | undefined {
  const own = /^0::(\/.*)$/m.exec(readText('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  const parts = own.split('/').filter((part) => part !== '' && part !== '..');
  let tightest: number | undefined;
  for (let depth = parts.length; depth >= 0; depth--) {
    const folder = ['/sys/fs/cgroup', ...parts.slice(0, depth)].join('/');
    const quota = quotaOf((readText(`${folder}/cpu.max`) ?? '').trim().split(' '));
    if (quota !== undefined && (tightest === undefined || quota < tightest)) tightest = quota;
  }
  return tightest;
}

function cgroupV1Quota(readText: ReadText): number | undefined {
  const quota = readText('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
  const period = readText('/sys/fs/cgroup/cpu/cpu.cfs_period_us');
  return quotaOf([quota?.trim() ?? '', period?.trim() ?? '']);
}

/** CPUs meant by quota and period in microseconds; `max` and -1 mean unlimited. */
function quotaOf([quota, period]: readonly string[]): number | undefined {
  const cpus = Number(quota) / Number(period);
  return Number.isFinite(cpus) && cpus > 0 ? cpus : undefined;
}

function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
