import { setTimeout as pause } from 'node:timers/promises';
import type { DataPlane } from '../native/index.js';

export { pause };

const STEP_MS = 50;

/**
 * Closes clients between two requests, spread evenly over the time there is, so that their
 * reconnects do not come at once; returns when none is left or the time is over.
 * @param unblockAll Ends the waits of blocking commands; done at half of the time.
 */
export async function drainClients(
  plane: DataPlane,
  timeoutMs: number,
  unblockAll: () => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let haveWaited = false;
  for (;;) {
    const clients = plane.total('clients');
    const leftMs = deadline - performance.now();
    if (clients === 0 || leftMs <= 0) {
      return;
    }
    if (!haveWaited && leftMs <= timeoutMs / 2) {
      haveWaited = true;
      void unblockAll();
    }
    // Everybody has gone by half of the time, which leaves the other half to the busy ones.
    const steps = Math.max(1, (leftMs - timeoutMs / 2) / STEP_MS);
    plane.closeIdleClients(Math.ceil(clients / steps));
    await pause(Math.min(STEP_MS, leftMs));
  }
}
