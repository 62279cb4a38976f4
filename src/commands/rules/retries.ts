import type { CommandName } from '../core-facts.js';
import type { Retry } from '../types.js';

const ALWAYS: Retry = { kind: 'always' };

/**
 * Writes that leave the same and answer the same when they are executed twice, and, if other clients
 * write in between, what they leave and answer when they are executed late. The others do not:
 * - they answer with what they found: DEL, SADD, ZADD, HSET, SETBIT, PERSIST; EXPIREAT and EXPIRE 0 once
 *   the key has gone;
 * - they take or add something each time: INCR, APPEND, LPUSH, SPOP, XADD;
 * - they mean places that others move: LSET, LTRIM;
 * - they read what they have written: BITOP, SDIFFSTORE, ZUNIONSTORE and others whose destination may be
 *   a source; the union and the intersection of sets come to the same again;
 * - they depend on what is there: SET with NX, XX, GET or KEEPTTL, SETNX, COPY, RENAME, RESTORE.
 */
const RETRIES: ReadonlyMap<string, Retry> = new Map<CommandName, Retry>([
  ['set', { kind: 'options', from: 3, options: ['EX', 'PX', 'EXAT', 'PXAT'] }],
  ['setex', ALWAYS],
  ['psetex', ALWAYS],
  ['mset', ALWAYS],
  ['hmset', ALWAYS],
  ['setrange', ALWAYS],
  ['pfmerge', ALWAYS],
  ['sinterstore', ALWAYS],
  ['sunionstore', ALWAYS],
]);

/** @param isCore The row is of the committed data: what servers name so may be something else. */
export function retryOf(name: string, isCore: boolean): Retry {
  return (isCore ? RETRIES.get(name) : undefined) ?? { kind: 'never' };
}
