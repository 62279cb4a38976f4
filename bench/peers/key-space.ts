import { type Address, withConnection } from '../support/redis.js';
import { KEY_COUNT, keyAt } from './cases.js';

const BATCH = 1000;
const KEYS_CHECKED = 10;

/**
 * Writes every key through the target itself, so that each read of the benchmark finds a value.
 * @throws If a write is refused, or an MGET over several shards does not give the values back.
 */
export async function loadKeySpace(
  target: Address,
  valueBytes: number,
  keyCount = KEY_COUNT,
): Promise<void> {
  const value = 'x'.repeat(valueBytes);
  await withConnection(target, async (redis) => {
    for (let start = 0; start < keyCount; start += BATCH) {
      const batch = redis.pipeline();
      const end = Math.min(start + BATCH, keyCount);
      for (let index = start; index < end; index++) batch.set(keyAt(index), value);
      for (const [error] of (await batch.exec()) ?? []) if (error !== null) throw error;
    }
    const keys = Array.from({ length: KEYS_CHECKED }, (_, index) => keyAt(index));
    const values = await redis.mget(keys);
    if (values.length !== KEYS_CHECKED || values.some((found) => found !== value)) {
      throw new Error(
        `${target.host}:${target.port}: MGET does not give back what SET has written`,
      );
    }
  });
}
