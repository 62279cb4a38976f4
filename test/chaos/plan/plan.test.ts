import { describe, expect, test } from 'vitest';
import { describeFault, type Fault, losesConnections } from './faults.js';
import { estimateMs, makeKillPlan, makePlan } from './plan.js';

const OPTIONS = { seed: 7, seconds: 60, nodeTimeoutMs: 2_000, shards: 3 };

describe('a plan', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(makePlan(OPTIONS)).toEqual(makePlan(OPTIONS));
    expect(makePlan({ ...OPTIONS, seed: 8 })).not.toEqual(makePlan(OPTIONS));
  });

  test('has enough steps for the time', () => {
    for (const seconds of [1, 60, 600]) {
      const steps = makePlan({ ...OPTIONS, seconds });
      const total = steps.reduce((sum, step) => sum + estimateMs(step, 2_000), 0);
      expect(total).toBeGreaterThanOrEqual(seconds * 1_000);
    }
  });

  test('a longer run begins like a shorter one', () => {
    const short = makePlan({ ...OPTIONS, seconds: 1 });
    expect(makePlan({ ...OPTIONS, seconds: 100 }).slice(0, short.length)).toEqual(short);
  });

  test('has every kind of fault, for every shard', () => {
    const faults = makePlan({ ...OPTIONS, seconds: 2_000 }).map((step) => step.fault);
    const kinds = new Set(faults.map((fault) => fault.kind));
    expect(kinds.size).toBe(11);
    const killed = faults.flatMap((fault) => (fault.kind === 'kill-primary' ? fault.shard : []));
    expect(new Set(killed)).toEqual(new Set([0, 1, 2]));
    const firstDeck = faults.slice(0, 12).map((fault) => fault.kind);
    expect(new Set(firstDeck)).toEqual(kinds);
  });

  test('a server is continued before the others suspect it', () => {
    for (const { fault } of makePlan({ ...OPTIONS, seconds: 1_000 })) {
      if (fault.kind === 'stop-primary') expect(fault.forMs).toBeLessThanOrEqual(1_000);
    }
  });
});

test('kills only: so many, of all shards in turn', () => {
  const plan = makeKillPlan(OPTIONS, 7).map((step) => step.fault);
  expect(plan.map(({ kind }) => kind)).toEqual(Array(7).fill('kill-primary'));
  expect(plan.map((fault) => 'shard' in fault && fault.shard)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  expect(
    makeKillPlan(OPTIONS, 20)
      .slice(0, 7)
      .map((step) => step.fault),
  ).toEqual(plan);
});

describe('a fault', () => {
  const cut: Fault = { kind: 'cut-links', shard: 2, mode: 'inside-reply' };
  test('is told in a line', () => {
    expect(describeFault(cut)).toBe('cut-links, shard 2, mode inside-reply');
    expect(describeFault({ kind: 'move-slots', forMs: 5, meanwhile: cut })).toBe(
      'move-slots, forMs 5, meanwhile cut-links, shard 2, mode inside-reply',
    );
  });

  test('loses connections, or does not', () => {
    expect(losesConnections({ kind: 'move-slots', forMs: 5 })).toBe(false);
    expect(losesConnections({ kind: 'move-slots', forMs: 5, meanwhile: cut })).toBe(true);
    expect(losesConnections({ kind: 'freeze-links', shard: 0, forMs: 5 })).toBe(false);
  });
});
