/** Where things lie in this project. Everything under `CACHE` may be deleted at any time. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const CACHE = join(ROOT, '.cache');
export const ADDON = join(ROOT, 'build', 'Release', 'slotgate.node');
/** Written by servers.mjs, which documents the format. */
export const SERVERS_RECORD = join(CACHE, 'servers.json');
/** Written by programs.mjs, which documents the format. */
export const PROGRAMS_RECORD = join(CACHE, 'programs.json');
