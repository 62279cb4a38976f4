import { Children } from './children.js';

const INTERRUPTED = 130;

/**
 * Runs a benchmark, then ends the processes that it started. SIGINT and SIGTERM give it up; the exit
 * code is 130 then.
 * @param stopped Resolves with such a signal.
 */
export async function runBenchmark(
  work: (children: Children, stopped: Promise<void>) => Promise<void>,
): Promise<void> {
  const children = new Children();
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  const interrupted = stopped.then(() => {
    process.exitCode = INTERRUPTED;
  });
  try {
    await Promise.race([work(children, stopped), interrupted]);
  } finally {
    await children.stop();
  }
}
