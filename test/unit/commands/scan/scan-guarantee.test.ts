import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Scans } from '../../../../src/commands/handlers/scan/scans.js';
import { FakeScanCluster } from './fake-scan-cluster.js';
import { keyIn, pageOf, scansOf, slotOf } from './support.js';

/** `PROPERTY_SEED` and `PROPERTY_RUNS` explore further; without them every run is the same. */
const SEEDS = (process.env.PROPERTY_SEED ?? '20261120,1587581749,1012').split(',').map(Number);
/** Of each seed. */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 200);

const SLOTS = [0, 1, 100, 5_000, 5_001, 9_000, 9_001, 12_000, 16_382, 16_383];
const KEYS_PER_SLOT = 12;
/** Steps during which the cluster has no rest. */
const RESTLESS_CALLS = 80;
const CALLS_MAX = 1_500;

/** Numbers in [0, below), the same ones for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Choice {
  readonly cluster: FakeScanCluster;
  readonly slot: number;
  /** Any node but the slot's owner. */
  readonly target: string;
  readonly some: <T>(items: readonly T[]) => T;
}

/** What happens to clusters. */
const EVENTS: Readonly<Record<string, (choice: Choice) => void>> = {
  move: ({ cluster, slot, target }) => cluster.open.has(slot) || cluster.migrate(slot, target),
  open: ({ cluster, slot, target }) => cluster.open.has(slot) || cluster.openSlot(slot, target),
  step: ({ cluster, some }) => cluster.moveKeys(some([-1, ...cluster.open.keys()]), 3),
  close: ({ cluster, some }) => cluster.closeSlot(some([-1, ...cluster.open.keys()])),
  repair: ({ cluster, slot }) => cluster.repair(slot),
  failover: ({ cluster, some }) => cluster.failover(some([...cluster.owners.values()])),
  restart: ({ cluster, some }) => cluster.restart(some([...cluster.nodes.keys()])),
  join: ({ cluster }) => cluster.nodes.size < 6 && cluster.addNode(),
  leave: ({ cluster }) => {
    const ends = [...cluster.open.values()].flatMap(({ from, to }) => [from, to]);
    const used = new Set([...cluster.owners.values(), ...ends]);
    const unused = [...cluster.nodes.keys()].find((id) => !used.has(id));
    if (unused !== undefined && cluster.nodes.size > 2) cluster.removeNode(unused);
  },
  write: ({ cluster, slot, some }) => {
    cluster.add(slot, keyIn(slot, `passing:${some([1, 2, 3])}`));
    cluster.delete(slot, keyIn(slot, `passing:${some([1, 2, 3])}`));
  },
};

function disturb(cluster: FakeScanCluster, run: Run, random: (below: number) => number): void {
  const some = <T>(items: readonly T[]): T => {
    const item = items[random(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  };
  const slot = some(SLOTS.slice(0, run.slots));
  const target = some([...cluster.nodes.keys()].filter((id) => id !== cluster.ownerOf(slot)));
  EVENTS[some(run.events)]?.({ cluster, slot, target, some });
}

interface Run {
  readonly seed: number;
  readonly events: readonly string[];
  /** How many of the slots are moved. */
  readonly slots: number;
  /** One in so many commands is preceded by a disturbance. */
  readonly oneIn: number;
  readonly count: number;
  readonly cursorBits: number;
  readonly isListingAllowed: boolean;
  readonly options: readonly string[];
  /** The proxy serves these slots beside others; else all. */
  readonly scope?: readonly number[];
  readonly nextProxy: (call: number, scans: readonly Scans[], cluster: FakeScanCluster) => Scans;
}

/** Scans while the cluster is disturbed, as a client whose cursors are doubles. */
async function scanDisturbed(run: Run) {
  const cluster = new FakeScanCluster(3, SLOTS);
  cluster.cursorBits = run.cursorBits;
  cluster.isListingAllowed = run.isListingAllowed;
  const random = randomOf(run.seed);
  // What exists from the beginning of the scan to its end: in reach of clients all the time.
  let lasting = SLOTS.flatMap((slot) =>
    Array.from({ length: KEYS_PER_SLOT }, (_, i) => {
      const key = keyIn(slot, `${i % 3 === 0 ? 'list:' : ''}${slot}:${i}`);
      cluster.add(slot, key);
      return { slot, key };
    }),
  );
  let isRestless = true;
  const trouble = () => {
    if (!isRestless || random(run.oneIn) !== 0) return;
    disturb(cluster, run, random);
    lasting = lasting.filter(({ slot, key }) => cluster.isInReach(slot, key));
  };
  cluster.onSend = trouble;
  cluster.onRead = trouble;
  const proxies = [scansOf(cluster), scansOf(cluster)];
  const seen = new Set<string>();
  let cursor = 0;
  for (let call = 0; call < CALLS_MAX; call++) {
    isRestless = call < RESTLESS_CALLS;
    const scans = run.nextProxy(call, proxies, cluster);
    const words = [String(cursor), 'COUNT', String(run.count), ...run.options];
    const { scope } = run;
    const proxy = scope && { scans, isLocal: (slot: number) => scope.includes(slot) };
    const page = await pageOf(cluster, proxy ?? scans, ...words);
    for (const key of page.keys) seen.add(key);
    cursor = Number(page.cursor);
    expect(Number.isSafeInteger(cursor)).toBe(true);
    expect(String(cursor)).toBe(page.cursor);
    if (cursor === 0) {
      return { lasting: lasting.map(({ key }) => key), seen };
    }
  }
  throw new Error('the scan does not end');
}

const RUN = {
  seed: fc.integer(),
  events: fc.subarray(Object.keys(EVENTS), { minLength: 1 }),
  slots: fc.constantFrom(1, 3, SLOTS.length),
  oneIn: fc.constantFrom(1, 2, 5, 20),
  count: fc.constantFrom(1, 3, 10, 1_000),
  isListingAllowed: fc.boolean(),
};

describe.each(SEEDS)('seed %d', (seed) => {
  test('a scan over one proxy returns every key that exists from its beginning to its end', async () => {
    const runs = fc.record({ ...RUN, cursorBits: fc.constantFrom(8, 30, 63) });
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const nextProxy: Run['nextProxy'] = (_, [scans]) => scans ?? expect.fail();
        const { lasting, seen } = await scanDisturbed({ ...run, options: [], nextProxy });
        expect(lasting.filter((key) => !seen.has(key))).toEqual([]);
      }),
      { numRuns: RUNS, seed },
    );
  }, 120_000);

  test('a scan of one type returns every key of it, and no other', async () => {
    const runs = fc.record({ ...RUN, cursorBits: fc.constant(30) });
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const nextProxy: Run['nextProxy'] = (_, [scans]) => scans ?? expect.fail();
        const options = ['TYPE', 'list', 'MATCH', '*1*'];
        const { lasting, seen } = await scanDisturbed({ ...run, options, nextProxy });
        const wanted = (key: string) => key.includes('list:') && key.includes('1');
        expect(lasting.filter((key) => wanted(key) && !seen.has(key))).toEqual([]);
        expect([...seen].filter((key) => !wanted(key))).toEqual([]);
      }),
      { numRuns: RUNS, seed },
    );
  }, 120_000);

  test('a scan over the slots of one of several proxies returns every key of them, and no other', async () => {
    const runs = fc.record({
      ...RUN,
      cursorBits: fc.constantFrom(8, 30, 63),
      scope: fc.subarray(SLOTS, { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const nextProxy: Run['nextProxy'] = (_, [scans]) => scans ?? expect.fail();
        const { lasting, seen } = await scanDisturbed({ ...run, options: [], nextProxy });
        const wanted = lasting.filter((key) => run.scope.includes(slotOf(key)));
        expect(wanted.filter((key) => !seen.has(key))).toEqual([]);
        expect([...seen].filter((key) => !run.scope.includes(slotOf(key)))).toEqual([]);
      }),
      { numRuns: Math.ceil(RUNS / 4), seed },
    );
  }, 120_000);

  test('a scan whose steps go to two proxies, which may restart, returns every key', async () => {
    const runs = fc.record({
      ...RUN,
      cursorBits: fc.constantFrom(8, 30),
      restartOneIn: fc.constantFrom(4, 50),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ restartOneIn, ...run }) => {
        const random = randomOf(run.seed + 1);
        const nextProxy: Run['nextProxy'] = (call, [a, b], cluster) => {
          const restarts = call < RESTLESS_CALLS && random(restartOneIn) === 0;
          return restarts ? scansOf(cluster) : ((call % 2 === 0 ? a : b) ?? expect.fail());
        };
        const { lasting, seen } = await scanDisturbed({ ...run, options: [], nextProxy });
        expect(lasting.filter((key) => !seen.has(key))).toEqual([]);
      }),
      // Five times as long as those of one proxy.
      { numRuns: Math.ceil(RUNS / 3), seed },
    );
  }, 120_000);
});
