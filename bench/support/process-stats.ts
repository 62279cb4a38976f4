import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time in nanoseconds of every thread of a process, by thread id.
 * Taken from the scheduler (schedstat), not from utime + stime, whose clock ticks every 10 ms.
 */
export function threadCpuTimes(pid: number): ReadonlyMap<string, number> {
  const directory = `/proc/${pid}/task`;
  const times = new Map<string, number>();
  for (const thread of readdirSync(directory)) {
    const time = Number(readFileSync(`${directory}/${thread}/schedstat`, 'utf8').split(' ')[0]);
    if (!Number.isFinite(time)) throw new Error(`${directory}/${thread}/schedstat is not readable`);
    times.set(thread, time);
  }
  return times;
}

/** Nanoseconds of CPU used between two readings; threads that began in between count from zero. */
export function cpuTimeBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): number {
  let total = 0;
  for (const [thread, time] of after) total += time - (before.get(thread) ?? 0);
  return total;
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** The most resident memory that the process ever had, in bytes. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

function statusBytes(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`no ${name} in /proc/${pid}/status`);
  return Number(kibibytes) * 1024;
}

/** The soft limit of open files. */
export function openFilesMax(pid: number | 'self'): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
