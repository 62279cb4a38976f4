import type { ControlRequest } from '../../../native/types.js';
import { encodeValue, errorReply } from '../../../resp/index.js';
import type { PresentationView } from '../presentation.js';
import { scopeOf } from '../scope.js';
import type { ControlContext, ControlOutcome } from '../types.js';
import { decodeCursor } from './cursor.js';
import { parseScanOptions } from './options.js';
import { SlotSet } from './slot-set.js';
import { ScanWalk } from './walk.js';

/**
 * SCAN cursor [MATCH pattern] [COUNT count] [TYPE type], over all shards; in a cluster of proxies, over
 * the slots that are the proxy's at the beginning. Every key that exists from the beginning to the end
 * is returned, whatever happens to the cluster meanwhile: `docs/scan.md`.
 */
export async function handleScan(
  request: ControlRequest,
  { scans, errands, presentation }: ControlContext,
): Promise<ControlOutcome> {
  const { args, protocol } = request;
  const cursor = decodeCursor(args[1] ?? Buffer.alloc(0));
  if (cursor.kind === 'invalid') {
    return { kind: 'reply', bytes: errorReply('ERR invalid cursor') };
  }
  const options = parseScanOptions(args.slice(2));
  const walk = new ScanWalk(scans, errands, options, () => slotSetOf(presentation(request)));
  return { kind: 'reply', bytes: encodeValue(await walk.step(cursor), protocol) };
}

function slotSetOf(view: PresentationView): SlotSet | null {
  const scope = scopeOf(view);
  return scope.kind === 'all'
    ? null
    : new SlotSet(scope.kind === 'some' ? scope.slots : () => false);
}
