import { expect, test } from 'vitest';
import { POSITION_LIMIT } from '../../../../src/commands/handlers/scan/cursor.js';
import type { ScanPlan } from '../../../../src/commands/handlers/scan/plan.js';
import { positionOf, ScanShapes } from '../../../../src/commands/handlers/scan/shapes.js';
import { SLOT_COUNT } from '../../../../src/topology/index.js';

/** A plan over `nodes` servers; another epoch is another plan. */
function planOf(configEpoch: number, nodes = 3): ScanPlan {
  const ids = Array.from({ length: nodes }, (_, i) => `node ${i}`);
  const primaries = ids.map((nodeId) => ({ nodeId, configEpoch, runId: `life of ${nodeId}` }));
  const owners = new Uint16Array(SLOT_COUNT).map((_, slot) => slot % nodes);
  return { state: { primaries, owners, openSlots: [] }, nodes: ids, slots: [] };
}

test('a position leads to its shape and step, on any proxy that has the same plan', () => {
  const [here, there] = [new ScanShapes(), new ScanShapes()];
  const shape = here.remember(planOf(1));
  there.remember(planOf(2));
  there.remember(planOf(1));
  for (const step of [0, 1, 2, 3]) {
    const position = positionOf(shape, step);
    const found = [there.find(position), there.find(position + 1)];
    expect(found.map((at) => [at?.shape.base, at?.step, at?.isHandle])).toEqual([
      [shape.base, step, false],
      [shape.base, step, true],
    ]);
  }
});

test('the same plan is remembered once', () => {
  const shapes = new ScanShapes(2);
  const first = shapes.remember(planOf(1));
  const second = shapes.remember(planOf(2));
  for (let i = 0; i < 3; i++) expect(shapes.remember(planOf(1))).toBe(first);
  expect(shapes.find(second.base)?.shape).toBe(second);
});

test.each<[string, (plan: ScanPlan) => ScanPlan]>([
  ['epoch', () => planOf(2)],
  ['servers to scan', (plan) => ({ ...plan, nodes: plan.nodes.slice(1) })],
  ['slots to list', (plan) => ({ ...plan, slots: [7] })],
  [
    'open slots',
    (p) => ({ ...p, state: { ...p.state, openSlots: [{ slot: 7, from: 'a', to: null }] } }),
  ],
  [
    'owner of one slot',
    (p) => ({ ...p, state: { ...p.state, owners: p.state.owners.with(9, 1) } }),
  ],
])('another %s is another plan', (_, change) => {
  const shapes = new ScanShapes();
  const shape = shapes.remember(planOf(1));
  expect(shapes.remember(change(planOf(1))).base).not.toBe(shape.base);
});

test('shapes that are used are kept, the others are forgotten', () => {
  const shapes = new ScanShapes(3);
  const used = shapes.remember(planOf(0));
  const unused = shapes.remember(planOf(1));
  for (let epoch = 2; epoch < 6; epoch++) {
    shapes.remember(planOf(epoch));
    expect(shapes.find(used.base)?.shape).toBe(used);
  }
  expect(shapes.find(unused.base)).toBeUndefined();
});

test('no two shapes share a position, however many steps they have', () => {
  const shapes = new ScanShapes(200);
  const bases = Array.from(
    { length: 200 },
    (_, epoch) => shapes.remember(planOf(epoch, 1_000)).base,
  );
  const sorted = bases.sort((a, b) => a - b);
  // A thousand servers and the slots, with and without a handle.
  const gaps = sorted.map((base, i) => (sorted[i + 1] ?? POSITION_LIMIT) - base);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_002);
  expect(sorted[0]).toBeGreaterThan(0);
});
