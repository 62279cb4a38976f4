import { totalmem } from 'node:os';
import { cgroupFolders, type ReadText, readTextFile } from './cgroup.js';

/** The rest is for the kernel's buffers of sockets and for what cannot be foreseen. */
const SHARE = 0.75;
/** Of cgroup v1. */
const V1_LIMIT = '/sys/fs/cgroup/memory/memory.limit_in_bytes';

/** The memory meant by `auto`: three quarters of the tightest limit of the cgroup, or of the machine. */
export function automaticMemoryBytes(
  readText: ReadText = readTextFile,
  machineBytes: number = totalmem(),
): number {
  const files = [...cgroupFolders(readText).map((folder) => `${folder}/memory.max`), V1_LIMIT];
  // "max", as text that is missing, is no limit.
  const limits = files
    .map((file) => Number(readText(file)?.trim() || Number.NaN))
    .filter((limit) => limit > 0);
  return Math.floor(Math.min(machineBytes, ...limits) * SHARE);
}
