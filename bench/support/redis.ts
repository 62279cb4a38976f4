import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const RETRY_MS = 50;
const READY_TIMEOUT_MS = 15_000;

/** A plain RESP2 connection that sends nothing of its own: twemproxy closes on INFO and CLIENT. */
export function connect(address: Address): Redis {
  const redis = new Redis({
    host: address.host,
    port: address.port,
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Failures reach the caller through the rejected command; without a listener they are printed, too.
  redis.on('error', () => undefined);
  return redis;
}

export async function withConnection<T>(
  address: Address,
  use: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = connect(address);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** Repeats `attempt` until it resolves to true, for at most 15 s. */
export async function waitFor(
  what: string,
  attempt: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let lastError: unknown;
  while (Date.now() < deadline) {
    if (signal?.aborted === true) return;
    try {
      if (await attempt()) return;
    } catch (error) {
      lastError = error;
    }
    await sleep(RETRY_MS);
  }
  throw new Error(`${what}: not ready after ${READY_TIMEOUT_MS} ms`, {
    cause: lastError,
  });
}

/** Waits until a GET is answered with anything but an error. */
export function waitUntilServing(address: Address, signal?: AbortSignal): Promise<void> {
  return waitFor(
    `${address.host}:${address.port}`,
    () =>
      withConnection(address, async (redis) => {
        await redis.get('slotgate-bench-ready');
        return true;
      }),
    signal,
  );
}

/** For example `redis 7.0.15` or `valkey 8.0.1`. */
export async function serverVersion(address: Address): Promise<string> {
  const info = await withConnection(address, (redis) => redis.info('server'));
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const valkey = field('valkey_version');
  return valkey === undefined ? `redis ${field('redis_version') ?? 'unknown'}` : `valkey ${valkey}`;
}
