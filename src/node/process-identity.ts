import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that got the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start; null where /proc does not tell. */
  readonly startTicks: string | null;
}

export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, startTicks: startTicksOf(pid) };
}

/** Whether that very process still runs. */
export function isProcessAlive({ pid, startTicks }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const now = startTicksOf(pid);
  return startTicks === null || now === null || startTicks === now;
}

/** Reads back what was stored as JSON; undefined if it is no identity. */
export function parseProcessIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null || !('pid' in value)) return undefined;
  const { pid } = value;
  if (!Number.isSafeInteger(pid) || Number(pid) < 1) return undefined;
  const startTicks = 'startTicks' in value ? value.startTicks : null;
  return { pid: Number(pid), startTicks: typeof startTicks === 'string' ? startTicks : null };
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
