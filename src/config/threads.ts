import { availableParallelism } from 'node:os';
import { cgroupFolders, type ReadText, readTextFile } from './cgroup.js';

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
  const quotas = cgroupFolders(readText)
    .map((folder) => quotaOf((readText(`${folder}/cpu.max`) ?? '').trim().split(' ')))
    .filter((quota) => quota !== undefined);
  return quotas.length === 0 ? undefined : Math.min(...quotas);
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
