import { readFileSync } from 'node:fs';

/** A file's text; undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** Folders of this process's cgroup (v2), from its own up to the root. */
export function cgroupFolders(readText: ReadText): readonly string[] {
  const own = /^0::(\/.*)$/m.exec(readText('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  const parts = own.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    ['/sys/fs/cgroup', ...parts.slice(0, parts.length - up)].join('/'),
  );
}

export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
