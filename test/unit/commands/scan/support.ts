import { handleScan } from '../../../../src/commands/handlers/scan/index.js';
import { Scans } from '../../../../src/commands/handlers/scan/scans.js';
import { decodeValue, type RespValue } from '../../../../src/resp/index.js';
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
  return new Scans({
    readSlotState: () => cluster.readSlotState(),
    waitMs: () => 30_000,
    nowMs: () => {
      nowMs += 1_000;
      return nowMs;
    },
    pollMs: 1,
  });
}

/** One SCAN as a client sends it. */
export async function scan(
  cluster: FakeScanCluster,
  scans: Scans,
  ...words: readonly string[]
): Promise<RespValue> {
  const request = requestOf(['SCAN', ...words].map((word) => Buffer.from(word)));
  const outcome = await handleScan(request, fakeContext({ scans, errands: cluster.errands() }));
  if (outcome.kind !== 'reply') {
    throw new Error('no reply');
  }
  return decodeValue(outcome.bytes);
}

export async function pageOf(
  cluster: FakeScanCluster,
  scans: Scans,
  ...words: readonly string[]
): Promise<Page> {
  const reply = await scan(cluster, scans, ...words);
  const [cursor, keys] = reply.kind === 'array' ? reply.items : [];
  if (cursor?.kind !== 'bulk' || keys?.kind !== 'array') {
    throw new Error(`not a page: ${JSON.stringify(reply)}`);
  }
  return { cursor: cursor.bytes.toString(), keys: keys.items.map(stringOf) };
}

/** A scan from end to end. */
export async function scanAll(
  cluster: FakeScanCluster,
  scans: Scans,
  ...options: readonly string[]
): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let cursor = '0', calls = 0; ; calls++) {
    const page = await pageOf(cluster, scans, cursor, ...options);
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
