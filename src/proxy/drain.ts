import type { Clock } from '../topology/index.js';

const STEP_MS = 50;
/** Of the time there is: the part at its end in which nothing more is taken from those who do not pause. */
const LAST_PART = 1 / 8;

/** Clients that are to go. */
export interface DrainedClients {
  /** How many there are. */
  count(): Promise<number>;
  /** Lets some more of them go when they pause between two requests. */
  letLeave(mostPerWorker: number): void;
  /** Closes those between two requests, and the others behind the replies to what they have sent. */
  makeLeave(): void;
  /** Ends the waits of blocking commands. */
  unblock(): Promise<void>;
}

/**
 * Closes clients between two requests, spread evenly over the time there is, so that their
 * reconnects do not come at once; ends when none is left, the time is over, or it is aborted. At half
 * of the time, who waits in a blocking command is woken; towards its end, who never pauses is closed
 * behind a reply.
 * @returns Whether none is left.
 */
export async function drainClients(
  clients: DrainedClients,
  timeoutMs: number,
  clock: Clock,
  aborted?: AbortSignal,
): Promise<boolean> {
  const deadline = clock.nowMs() + timeoutMs;
  let haveWaited = false;
  for (;;) {
    const count = await clients.count();
    const leftMs = deadline - clock.nowMs();
    if (count === 0 || leftMs <= 0 || aborted?.aborted === true) {
      return count === 0;
    }
    if (!haveWaited && leftMs <= timeoutMs / 2) {
      haveWaited = true;
      void clients.unblock();
    }
    // Everybody has gone by half of the time, which leaves the other half to the busy ones.
    const steps = Math.max(1, (leftMs - timeoutMs / 2) / STEP_MS);
    clients.letLeave(Math.ceil(count / steps));
    if (leftMs <= timeoutMs * LAST_PART) {
      clients.makeLeave();
    }
    await pause(clock, Math.min(STEP_MS, leftMs));
  }
}

export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
