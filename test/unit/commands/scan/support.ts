import type { SlotFilter } from '../../../../src/commands/handlers/errands.js';
import { STANDALONE_VIEW } from '../../../../src/commands/handlers/presentation.js';
import { handleScan } from '../../../../src/commands/handlers/scan/index.js';
import { Scans } from '../../../../src/commands/handlers/scan/scans.js';
import { nativeAddon } from '../../../../src/native/index.js';
import { decodeValue, type RespValue } from '../../../../src/resp/index.js';
import { fakeView } from '../cluster/fake-view.js';
import { fakeContext } from '../fake-context.js';
import { requestOf } from '../support.js';
import type { FakeScanCluster } from './fake-scan-cluster.js';

export interface Page {
  readonly cursor: string;
  readonly keys: readonly string[];
}

/** What a proxy of this cluster remembers of its scans; no reading of the slots is used twice. */
export function scansOf(cluster: FakeScanCluster): Scans {
  let nowMs = 0;
  let chances = 0;
  return new Scans({
    readSlotState: () => cluster.readSlotState(),
    waitMs: () => 30_000,
    nowMs: () => {
      nowMs += 1_000;
      return nowMs;
    },
    pollMs: 1,
    random: () => (chances++ % 4) / 4,
  });
}

/** A proxy as a client meets it: one that serves all slots, or some of them beside others. */
export type ScannedProxy = Scans | { readonly scans: Scans; readonly isLocal: SlotFilter };

/** One SCAN as a client sends it. */
export async function scan(
  cluster: FakeScanCluster,
  proxy: ScannedProxy,
  ...words: readonly string[]
): Promise<RespValue> {
  const request = requestOf(['SCAN', ...words].map((word) => Buffer.from(word)));
  const { scans, view } =
    'isLocal' in proxy
      ? { scans: proxy.scans, view: fakeView({ isLocal: proxy.isLocal }) }
      : { scans: proxy, view: STANDALONE_VIEW };
  const presentation = () => view;
  const context = fakeContext({ scans, errands: cluster.errands(), presentation });
  const outcome = await handleScan(request, context);
  if (outcome.kind !== 'reply') {
    throw new Error('no reply');
  }
  return decodeValue(outcome.bytes);
}

export async function pageOf(
  cluster: FakeScanCluster,
  proxy: ScannedProxy,
  ...words: readonly string[]
): Promise<Page> {
  const reply = await scan(cluster, proxy, ...words);
  const [cursor, keys] = reply.kind === 'array' ? reply.items : [];
  if (cursor?.kind !== 'bulk' || keys?.kind !== 'array') {
    throw new Error(`not a page: ${JSON.stringify(reply)}`);
  }
  return { cursor: cursor.bytes.toString(), keys: keys.items.map(stringOf) };
}

/** A scan from end to end. */
export async function scanAll(
  cluster: FakeScanCluster,
  proxy: ScannedProxy,
  ...options: readonly string[]
): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let cursor = '0', calls = 0; ; calls++) {
    const page = await pageOf(cluster, proxy, cursor, ...options);
    keys.push(...page.keys);
    cursor = page.cursor;
    if (cursor === '0') {
      return keys;
    }
    if (calls > 10_000) {
      throw new Error('the scan does not end');
    }
  }
}

function stringOf(value: RespValue): string {
  return value.kind === 'bulk' ? value.bytes.toString() : '';
}

const TAGS = new Map<number, string>();
let tagsTried = 0;

/** A key that lies in the slot, with `name` in it. */
export function keyIn(slot: number, name: string): string {
  while (!TAGS.has(slot)) {
    const tag = (tagsTried++).toString(36);
    TAGS.set(slotOf(tag), tag);
  }
  return `{${TAGS.get(slot)}}${name}`;
}

export function slotOf(key: string): number {
  return nativeAddon().slotForKey(Buffer.from(key));
}
