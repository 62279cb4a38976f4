import type { ControlRequest } from '../../../native/types.js';
import { encodeValue, errorReply } from '../../../resp/index.js';
import type { ControlContext, ControlOutcome } from '../types.js';
import { decodeCursor } from './cursor.js';
import { parseScanOptions } from './options.js';
import { ScanWalk } from './walk.js';

/**
 * SCAN cursor [MATCH pattern] [COUNT count] [TYPE type], over all shards. Every key that exists from
 * the beginning to the end is returned, whatever happens to the cluster meanwhile: `docs/scan.md`.
 */
export async function handleScan(
  { args, protocol }: ControlRequest,
  { scans, errands }: ControlContext,
): Promise<ControlOutcome> {
  const cursor = decodeCursor(args[1] ?? Buffer.alloc(0));
  if (cursor.kind === 'invalid') {
    return { kind: 'reply', bytes: errorReply('ERR invalid cursor') };
  }
  const walk = new ScanWalk(scans, errands, parseScanOptions(args.slice(2)));
  return { kind: 'reply', bytes: encodeValue(await walk.step(cursor), protocol) };
}
