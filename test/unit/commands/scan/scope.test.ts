import { beforeEach, describe, expect, test } from 'vitest';
import type { Scans } from '../../../../src/commands/handlers/scan/scans.js';
import { FakeScanCluster } from './fake-scan-cluster.js';
import { keyIn, pageOf, scan, scanAll, scansOf, slotOf } from './support.js';

/** In thirds: one, two, three. */
const SLOTS = [1, 2, 6_000, 6_001, 15_000, 15_001];
/** Of two proxies, `here` serves the first third, `there` the others. */
const here = (slot: number) => slot < 5_000;
const there = (slot: number) => !here(slot);

let cluster: FakeScanCluster;
let scans: Scans;
let ids: readonly string[];
beforeEach(() => {
  cluster = new FakeScanCluster(3, SLOTS);
  ids = [...cluster.nodes.keys()];
  for (const slot of SLOTS) {
    for (let i = 0; i < 20; i++) {
      cluster.add(slot, keyIn(slot, `${i % 4 === 0 ? 'list:' : ''}${i}`));
    }
  }
  scans = scansOf(cluster);
});

function allKeys(): string[] {
  return [...cluster.nodes.values()].flatMap(({ keys }) =>
    [...keys.values()].flatMap((held) => [...held]),
  );
}

function asked(): ReadonlySet<string> {
  return new Set(cluster.sent.map((line) => line.split(':')[0] ?? ''));
}

/** Goes on from a cursor to the end. */
async function rest(cursor: string, isLocal = here): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let next = cursor; next !== '0'; ) {
    const page = await pageOf(cluster, { scans, isLocal }, next);
    keys.push(...page.keys);
    next = page.cursor;
  }
  return keys;
}

describe('a cluster at rest', () => {
  test('the scans of all proxies together bring every key once, each from its own servers', async () => {
    const ofHere = await scanAll(cluster, { scans, isLocal: here });
    expect(asked()).toEqual(new Set(ids.slice(0, 1)));
    cluster.sent.length = 0;
    const ofThere = await scanAll(cluster, { scans: scansOf(cluster), isLocal: there });
    expect(asked()).toEqual(new Set(ids.slice(1)));
    expect([...ofHere, ...ofThere].sort()).toEqual(allKeys().sort());
    expect(ofHere.every((key) => here(slotOf(key)))).toBe(true);
  });

  test('nodes of one process share what is remembered, and not their slots', async () => {
    const [first] = [await pageOf(cluster, { scans, isLocal: here }, '0', 'COUNT', '5')];
    const others = await scanAll(cluster, { scans, isLocal: there });
    const keys = [...first.keys, ...(await rest(first.cursor)), ...others];
    expect([...new Set(keys)].sort()).toEqual(allKeys().sort());
  });

  test('an open slot is the business of the proxy of its owner', async () => {
    cluster.openSlot(2, ids[1] ?? '');
    cluster.moveKeys(2, 7);
    const ofThere = await scanAll(cluster, { scans, isLocal: there });
    const ofHere = await scanAll(cluster, { scans, isLocal: here });
    expect(ofThere.filter((key) => here(slotOf(key)))).toEqual([]);
    expect([...new Set([...ofHere, ...ofThere])].sort()).toEqual(allKeys().sort());
  });

  test('a proxy without slots has no keys, and asks nobody', async () => {
    let readings = 0;
    cluster.onRead = () => {
      readings++;
    };
    const reply = await scan(cluster, { scans, isLocal: () => false }, '0');
    expect(reply).toMatchObject({ items: [{ bytes: Buffer.from('0') }, { items: [] }] });
    expect([cluster.sent, readings]).toEqual([[], 0]);
  });

  test('a pattern whose slot is another proxy’s brings nothing, and no server is asked', async () => {
    const pattern = `${keyIn(15_000, '')}*`;
    expect(await scanAll(cluster, { scans, isLocal: here }, 'MATCH', pattern)).toEqual([]);
    expect(cluster.sent).toEqual([]);
    expect(await scanAll(cluster, { scans, isLocal: there }, 'MATCH', pattern)).toHaveLength(20);
    expect(asked()).toEqual(new Set(ids.slice(2)));
  });
});

describe('what changes meanwhile', () => {
  test('slots that leave the proxy stay the scan’s', async () => {
    const expected = allKeys().filter((key) => here(slotOf(key)));
    const { cursor, keys } = await pageOf(cluster, { scans, isLocal: here }, '0', 'COUNT', '3');
    cluster.migrate(1, ids[1] ?? '');
    cluster.migrate(2, ids[2] ?? '');
    const seen = new Set([...keys, ...(await rest(cursor, () => false))]);
    expect([...seen].sort()).toEqual(expected.sort());
  });

  test('slots that come are the next scan’s', async () => {
    const { cursor, keys } = await pageOf(cluster, { scans, isLocal: here }, '0', 'COUNT', '3');
    cluster.migrate(6_000, ids[0] ?? '');
    const seen = [...keys, ...(await rest(cursor, () => true))];
    expect(seen.filter((key) => !here(slotOf(key)))).toEqual([]);
    const next = await scanAll(cluster, { scans, isLocal: (slot) => slot <= 6_000 });
    expect(next.filter((key) => slotOf(key) === 6_000)).toHaveLength(20);
  });

  test('after a failover, the replica’s keys are looked at again', async () => {
    const expected = allKeys().filter((key) => here(slotOf(key)));
    const { cursor, keys } = await pageOf(cluster, { scans, isLocal: here }, '0', 'COUNT', '3');
    const next = cluster.failover(ids[0] ?? '');
    cluster.failover(ids[1] ?? '');
    const seen = new Set([...keys, ...(await rest(cursor))]);
    expect([...seen].sort()).toEqual(expected.sort());
    // The other one that was replaced has none of the scan's slots.
    expect(asked()).toEqual(new Set([ids[0], next]));
  });

  test('a scan goes on at another proxy of the same slots, as long as nothing has changed', async () => {
    const expected = allKeys().filter((key) => here(slotOf(key)));
    const { cursor, keys } = await pageOf(cluster, { scans, isLocal: here }, '0', 'COUNT', '15');
    scans = scansOf(cluster);
    expect([...keys, ...(await rest(cursor))].sort()).toEqual(expected.sort());
  });
});
