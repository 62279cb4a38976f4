import { setTimeout as sleep } from 'node:timers/promises';
import type { TestClient } from '../../support/resp-client.js';
import type { RealServer } from '../../support/server.js';

const PROBE_EVERY_MS = 10;

/**
 * Writes straight to each of the servers, every 10 ms, until one of them executes it.
 * @returns Its index in `servers`.
 * @throws Error if none did in time.
 */
export async function firstDirectWrite(
  servers: readonly RealServer[],
  key: string,
  timeoutMs: number,
): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  let winner: number | undefined;
  const isOver = () => winner !== undefined || performance.now() > deadline;
  await Promise.all(
    servers.map(async (server, index) => {
      if (await writesBefore(isOver, server, key)) winner ??= index;
    }),
  );
  if (winner === undefined) throw new Error(`no server took a write of ${key} in ${timeoutMs} ms`);
  return winner;
}

/** @returns Whether this server executed a write before it was over. */
async function writesBefore(
  isOver: () => boolean,
  server: RealServer,
  key: string,
): Promise<boolean> {
  let client: TestClient | undefined;
  try {
    while (!isOver()) {
      try {
        client ??= await server.connect();
        await client.call('SET', key, 'probe');
        return true;
      } catch {
        if (client?.socket.destroyed === true) client = undefined;
        await sleep(PROBE_EVERY_MS);
      }
    }
    return false;
  } finally {
    client?.close();
  }
}
