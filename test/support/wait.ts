import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Polls `condition` until it holds.
 * @param what Words for the error message: "timed out after N ms waiting for <what>".
 * @throws Error at the deadline, with the last failure of `condition` as its cause.
 */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 15_000, intervalMs = 20 } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      if (await condition()) {
        return;
      }
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) {
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${what}`, { cause });
    }
    await sleep(intervalMs);
  }
}
