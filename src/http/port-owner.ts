import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State of a listening socket in /proc/net/tcp. */
const LISTEN = '0A';

/**
 * Name and id of the process that listens on a TCP port of this machine, as `redis-server (pid 17)`.
 * Undefined where /proc does not tell: other systems, processes of other users.
 */
export function describePortOwner(port: number): string | undefined {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  for (const pid of entries('/proc')) {
    if (/^\d+$/.test(pid) && holdsSocket(pid, inodes)) {
      return `${text(`/proc/${pid}/comm`)?.trim() ?? 'a process'} (pid ${pid})`;
    }
  }
  return undefined;
}

function listeningInodes(port: number): ReadonlySet<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const row of (text(table) ?? '').split('\n').slice(1)) {
      const columns = row.trim().split(/\s+/);
      const inode = columns[9];
      if (columns[1]?.endsWith(`:${wanted}`) && columns[3] === LISTEN && inode !== undefined) {
        inodes.add(`socket:[${inode}]`);
      }
    }
  }
  return inodes;
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  return entries(`/proc/${pid}/fd`).some((fd) => {
    try {
      return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  });
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
