import type { NativeBarrier } from '../../native/types.js';
import type { CommandRow } from '../types.js';

/**
 * What must have ended before the client's next request is parsed. `drain` for everything that
 * reaches servers by another path than the client's other requests, or that changes user, protocol
 * or links; else a later SET could overtake an earlier FLUSHALL. Local answers change only what the
 * worker knows, and the worker keeps the order by itself; HELLO changes the protocol.
 */
export function barrierOf(
  row: Pick<CommandRow, 'name' | 'route' | 'blocking' | 'connectionState' | 'requestPolicy'>,
): NativeBarrier {
  if (row.route.kind === 'local') {
    return row.name === 'hello' ? 'drain' : 'none';
  }
  const fansOut = row.requestPolicy !== 'default' && row.requestPolicy !== 'multi_shard';
  const ownPath = row.route.kind === 'control' || row.blocking.kind === 'always' || fansOut;
  return ownPath || row.connectionState ? 'drain' : 'none';
}
