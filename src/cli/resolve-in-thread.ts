import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Resolution } from '../config/resolve.js';
import type { ConfigSources } from '../config/sources.js';

/** `resolveConfig` in a thread of its own; see resolve-worker.ts for the reason. */
export async function resolveInThread(sources: ConfigSources): Promise<Resolution> {
  const worker = new Worker(new URL('./resolve-worker.js', import.meta.url), {
    workerData: sources,
    // The thread needs no variable, and so cannot leak one.
    env: {},
  });
  const [[resolution]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return resolution as Resolution;
}
