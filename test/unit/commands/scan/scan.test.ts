import { beforeEach, describe, expect, test, vi } from 'vitest';
import { fullPlan } from '../../../../src/commands/handlers/scan/plan.js';
import type { Scans } from '../../../../src/commands/handlers/scan/scans.js';
import { FakeScanCluster } from './fake-scan-cluster.js';
import { pageOf, scan, scanAll, scansOf } from './support.js';

/** In thirds: one, two, three; `{a}` is in the last one. */
const SLOTS = [1, 2, 6_000, 6_001, 15_000, 15_495];
const SLOT_OF_A = 15_495;

let cluster: FakeScanCluster;
let scans: Scans;
let ids: readonly string[];
beforeEach(() => {
  cluster = new FakeScanCluster(3, SLOTS);
  ids = [...cluster.nodes.keys()];
  for (const slot of SLOTS) {
    const tag = slot === SLOT_OF_A ? '{a}' : '';
    for (let i = 0; i < 20; i++)
      cluster.add(slot, `${tag}${i % 4 === 0 ? 'list:' : ''}${slot}:${i}`);
  }
  scans = scansOf(cluster);
});

function allKeys(): string[] {
  return [...cluster.nodes.values()].flatMap(({ keys }) =>
    [...keys.values()].flatMap((held) => [...held]),
  );
}

/** The servers that got a SCAN or a listing, in order, each run of one server once. */
function visited(command: 'SCAN' | 'CLUSTER'): string[] {
  return cluster.sent
    .filter((line) => line.includes(`: ${command} `))
    .map((line) => line.split(':')[0] ?? '')
    .filter((id, i, all) => id !== all[i - 1]);
}

/** Sends steps until `count` keys came; the cursor to go on with. */
async function untilKeys(count: number, ...options: readonly string[]): Promise<string> {
  let [cursor, seen] = ['0', 0];
  while (seen < count) {
    const page = await pageOf(cluster, scans, cursor, ...options);
    ({ cursor } = page);
    seen += page.keys.length;
  }
  return cursor;
}

/** Goes on from a cursor to the end. */
async function rest(cursor: string, ...options: readonly string[]): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let next = cursor; next !== '0'; ) {
    const page = await pageOf(cluster, scans, next, ...options);
    keys.push(...page.keys);
    next = page.cursor;
  }
  return keys;
}

/** A scan from end to end whose calls go to two proxies in turn. */
async function scanInTurns(one: Scans, other: Scans): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  let cursor = '0';
  let steps = 0;
  do {
    const page = await pageOf(cluster, steps++ % 2 === 0 ? one : other, cursor);
    for (const key of page.keys) seen.add(key);
    ({ cursor } = page);
  } while (cursor !== '0' && steps < 100);
  expect(cursor).toBe('0');
  return seen;
}

describe('a cluster at rest', () => {
  test('every key comes once, in one pass over the servers', async () => {
    const keys = await scanAll(cluster, scans);
    expect([...keys].sort()).toEqual(allKeys().sort());
    expect(visited('SCAN')).toEqual(ids);
    expect(visited('CLUSTER')).toEqual([]);
  });

  test('options go to the servers as they are', async () => {
    const keys = await scanAll(cluster, scans, 'COUNT', '7', 'TYPE', 'list', 'MATCH', '*6000*');
    expect([...keys].sort()).toEqual(
      allKeys()
        .filter((key) => key.startsWith('list:6000'))
        .sort(),
    );
    expect(cluster.sent[0]).toMatch(/SCAN 0 COUNT 7 TYPE list MATCH \*6000\*$/);
  });

  test('the reply is an array in both protocols, with the cursor as a string', async () => {
    const reply = await scan(cluster, scans, '0', 'COUNT', '1');
    expect(reply).toMatchObject({ kind: 'array', items: [{ kind: 'bulk' }, { kind: 'array' }] });
  });

  test('an empty shard takes a step and ends nothing', async () => {
    for (const slot of SLOTS.slice(0, 4)) cluster.node(cluster.ownerOf(slot)).keys.clear();
    const keys = await scanAll(cluster, scans);
    expect(keys).toHaveLength(40);
  });

  test('cursors of 63 bits are replaced by handles', async () => {
    cluster.cursorBits = 63;
    const keys = await scanAll(cluster, scans, 'COUNT', '3');
    expect([...keys].sort()).toEqual(allKeys().sort());
  });

  test('a handle that another proxy gave out means to begin that server again', async () => {
    cluster.cursorBits = 63;
    const cursor = await untilKeys(50, 'COUNT', '3');
    const before = cluster.sent.length;
    scans = scansOf(cluster);
    const seen = await rest(cursor, 'COUNT', '100');
    expect(cluster.sent[before]).toBe(`${ids[1]}: SCAN 0 COUNT 100`);
    expect([...new Set(seen)]).toHaveLength(80);
  });

  test('another proxy goes on where the first one was', async () => {
    const cursor = await untilKeys(50);
    scans = scansOf(cluster);
    expect((await rest(cursor)).length).toBeLessThanOrEqual(70);
  });
});

describe('errors', () => {
  test.each(['x', '', '-1', '1x', '99999999999999999999'])('%j is no cursor', async (cursor) => {
    expect(await scan(cluster, scans, cursor)).toEqual({
      kind: 'error',
      text: 'ERR invalid cursor',
    });
    expect(cluster.sent).toEqual([]);
  });

  test('a wrong option is answered in the words of a server', async () => {
    const reply = await scan(cluster, scans, '0', 'NONSENSE', '1');
    expect(reply).toEqual({ kind: 'error', text: 'ERR syntax error' });
  });

  test('a number that no proxy gave out begins a new scan', async () => {
    for (const cursor of ['123456789', '18446744073709551615']) {
      const { keys } = await pageOf(cluster, scans, cursor, 'COUNT', '1000');
      expect(keys).toHaveLength(40);
    }
  });

  test('a server that does not come back is an error in the end', async () => {
    const [, second = ''] = ids;
    const cursor = await untilKeys(40, 'COUNT', '20');
    cluster.node(second).isUp = false;
    const reply = await scan(cluster, scans, cursor);
    const text = `CLUSTERDOWN no connection to ${second}: refused`;
    expect(reply).toEqual({ kind: 'error', text });
    cluster.node(second).isUp = true;
    expect(new Set(await rest(cursor)).size).toBe(80);
  });

  test('a server that comes back is waited for', async () => {
    const [first = ''] = ids;
    cluster.node(first).isUp = false;
    let sends = 0;
    cluster.onSend = () => {
      cluster.node(first).isUp = ++sends > 5;
    };
    expect((await pageOf(cluster, scans, '0', 'COUNT', '100')).keys).toHaveLength(40);
  });
});

describe('a pattern that pins a slot', () => {
  test('only the shard of that slot is scanned', async () => {
    const keys = await scanAll(cluster, scans, 'MATCH', '{a}*');
    expect(keys).toHaveLength(20);
    expect(visited('SCAN')).toEqual([ids[2]]);
  });

  test('what happens to other slots does not count', async () => {
    const cursor = await untilKeys(1, 'MATCH', '{a}*', 'COUNT', '15');
    cluster.migrate(1, ids[1] ?? '');
    cluster.failover(ids[0] ?? '');
    await rest(cursor, 'MATCH', '{a}*', 'COUNT', '15');
    expect(visited('SCAN')).toEqual([ids[2]]);
    expect(visited('CLUSTER')).toEqual([]);
  });

  test('the slot is listed again at its new owner', async () => {
    const cursor = await untilKeys(1, 'MATCH', '{a}*', 'COUNT', '15');
    cluster.migrate(SLOT_OF_A, ids[0] ?? '');
    const seen = await rest(cursor, 'MATCH', '{a}*', 'COUNT', '15');
    expect(new Set(seen).size).toBe(20);
    expect(visited('CLUSTER')).toEqual([ids[0]]);
  });
});

describe('what has changed is looked at again', () => {
  test('a slot that moved from a shard to be scanned to one that was scanned', async () => {
    const cursor = await untilKeys(60, 'COUNT', '20');
    cluster.migrate(15_000, ids[0] ?? '');
    const seen = await rest(cursor, 'COUNT', '20');
    for (let i = 1; i < 20; i += 4) expect(seen).toContain(`15000:${i}`);
  });

  test('a slot that went away and came back while both its owners were scanned', async () => {
    cluster.migrate(1, ids[2] ?? '');
    const cursor = await untilKeys(60, 'COUNT', '20');
    cluster.migrate(1, ids[0] ?? '');
    const later = await pageOf(cluster, scans, cursor, 'COUNT', '1000');
    const last = await pageOf(cluster, scans, later.cursor, 'COUNT', '1000');
    cluster.migrate(1, ids[2] ?? '');
    const seen = [...later.keys, ...last.keys, ...(await rest(last.cursor, 'COUNT', '1000'))];
    for (let i = 1; i < 20; i += 4) expect(seen).toContain(`1:${i}`);
  });

  test('an open slot is listed at its source, then at its target', async () => {
    const [one = '', two = ''] = ids;
    cluster.openSlot(6_000, one);
    cluster.moveKeys(6_000, 10);
    // The keys move on between the two.
    cluster.onSend = () => {
      if (cluster.sent.at(-1)?.includes('CLUSTER')) cluster.moveKeys(6_000);
    };
    const seen = await scanAll(cluster, scans, 'COUNT', '1000');
    expect(visited('CLUSTER')).toEqual([two, one]);
    expect(new Set(seen).size).toBe(120);
  });

  test('without the right to list slots, its servers are scanned in that order', async () => {
    const [one = '', two = ''] = ids;
    cluster.isListingAllowed = false;
    cluster.openSlot(6_000, one);
    await scanAll(cluster, scans, 'COUNT', '1000');
    expect(visited('SCAN')).toEqual([...ids, two, one]);
  });

  test('a server that gives one slot and takes another is scanned before and after', async () => {
    const [one = '', two = ''] = ids;
    cluster.isListingAllowed = false;
    cluster.openSlot(6_000, one);
    cluster.openSlot(1, two);
    await scanAll(cluster, scans, 'COUNT', '1000');
    const again = visited('SCAN').slice(ids.length).join(' ');
    expect(again).toContain(`${two} ${one}`);
    expect(again).toContain(`${one} ${two}`);
  });

  test('an open slot is listed even if its owner, which is new, is scanned', async () => {
    const [one = '', two = ''] = ids;
    cluster.openSlot(6_000, one);
    const cursor = await untilKeys(40, 'COUNT', '1000');
    cluster.moveKeys(6_000, 10);
    cluster.failover(two);
    const seen = await rest(cursor, 'COUNT', '1000');
    expect(new Set(seen).size).toBe(80);
    expect(visited('CLUSTER')).toContain(one);
  });

  test('a slot with too many keys is scanned', async () => {
    const [one = ''] = ids;
    cluster.node(one).epoch = 99;
    cluster.add(6_000, ...Array.from({ length: 10_001 }, (_, i) => `many:${i}`));
    const cursor = await untilKeys(10_061, 'COUNT', '20000');
    cluster.migrate(6_000, one);
    const seen = await rest(cursor, 'COUNT', '20000');
    expect(seen.filter((key) => key.startsWith('many:'))).toHaveLength(10_001);
    expect(visited('CLUSTER')).toEqual([one]);
  });

  test('a server that restarted is scanned again', async () => {
    const [one = ''] = ids;
    const cursor = await untilKeys(20, 'COUNT', '20');
    cluster.restart(one);
    const seen = await rest(cursor, 'COUNT', '20');
    for (let i = 1; i < 20; i += 4) expect(seen).toContain(`1:${i}`);
  });

  test('a primary that dies is replaced by the replica that took over', async () => {
    const [one = '', two = ''] = ids;
    const cursor = await untilKeys(60, 'COUNT', '20');
    cluster.node(two).isUp = false;
    let sends = 0;
    cluster.onSend = () => {
      if (++sends === 5) cluster.failover(two);
    };
    const seen = await rest(cursor, 'COUNT', '20');
    for (const slot of [6_000, 6_001]) expect(seen).toContain(`${slot}:1`);
    expect(visited('SCAN').filter((id) => id === one)).toHaveLength(1);
  });

  test('an open slot is still to be listed when another server dies', async () => {
    const [one = '', , three = ''] = ids;
    cluster.openSlot(6_000, one);
    const cursor = await untilKeys(40, 'COUNT', '1000');
    cluster.moveKeys(6_000, 10);
    const later = await pageOf(cluster, scans, cursor, 'COUNT', '1000');
    cluster.failover(three);
    const seen = [...later.keys, ...(await rest(later.cursor, 'COUNT', '1000'))];
    expect(new Set(seen).size).toBe(80);
  });

  test('when a server dies while its slots are listed, the others are still listed', async () => {
    const [one = '', two = '', three = ''] = ids;
    cluster.openSlot(6_000, one);
    cluster.openSlot(15_000, one);
    const cursor = await untilKeys(40, 'COUNT', '1000');
    cluster.moveKeys(15_000, 10);
    cluster.onSend = () => {
      if (cluster.sent.at(-1)?.startsWith(`${three}: SCAN`)) cluster.failover(two);
    };
    const seen = await rest(cursor, 'COUNT', '1000');
    expect(new Set(seen).size).toBe(80);
    expect(visited('CLUSTER').slice(0, 1)).toEqual([two]);
  });

  test('a server that hangs is not waited for when another has taken over', async () => {
    const [, two = ''] = ids;
    const cursor = await untilKeys(40, 'COUNT', '1000');
    cluster.hanging.add(two);
    let reads = 0;
    cluster.onRead = () => {
      if (++reads === 3) cluster.failover(two);
    };
    expect(new Set(await rest(cursor, 'COUNT', '1000')).size).toBe(80);
  });

  test('the end of a scan waits until all owners have told of themselves', async () => {
    const [one = ''] = ids;
    const cursor = await untilKeys(80, 'COUNT', '1000');
    cluster.node(one).isUp = false;
    let reads = 0;
    cluster.onRead = () => {
      cluster.node(one).isUp = ++reads > 3;
    };
    expect(await rest(cursor, 'COUNT', '1000')).toHaveLength(40);
    expect(reads).toBe(4);
  });

  test('types and patterns hold for listed slots, too', async () => {
    const [one = ''] = ids;
    const options = ['COUNT', '1000', 'TYPE', 'list', 'MATCH', '*a*8'];
    cluster.node(one).epoch = 99;
    const { cursor } = await pageOf(cluster, scans, '0', ...options);
    cluster.migrate(SLOT_OF_A, one);
    expect(await rest(cursor, ...options)).toEqual(['{a}list:15495:8']);
    expect(visited('CLUSTER')).toEqual([one]);
  });

  test('a number that a proxy mistakes for that of another plan keeps no scan from ending', async () => {
    const other = scansOf(cluster);
    const former = other.shapes.remember(fullPlan(await other.states.fresh(), null, 0));
    cluster.migrate(1, ids[1] ?? '');
    const present = scans.shapes.remember(fullPlan(await scans.states.fresh(), null, 0));
    const find = other.shapes.find.bind(other.shapes);
    vi.spyOn(other.shapes, 'find').mockImplementation((at) => {
      const meant = scans.shapes.find(at);
      return meant?.shape === present ? { ...meant, shape: former } : find(at);
    });
    expect((await scanInTurns(scans, other)).size).toBe(120);
  });

  test('a slot that stays open does not keep a scan from ending, whichever proxy it asks', async () => {
    cluster.openSlot(1, ids[1] ?? '');
    for (const isListingAllowed of [true, false]) {
      cluster.isListingAllowed = isListingAllowed;
      expect((await scanInTurns(scans, scansOf(cluster))).size).toBe(120);
    }
  });
});
