import { fileURLToPath } from 'node:url';

/** The checkout's root; this file runs from build/bench/support. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url));
