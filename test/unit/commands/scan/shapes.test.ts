import { expect, test } from 'vitest';
import { CURSOR_FORMS } from '../../../../src/commands/handlers/scan/cursor.js';
import type { ScanPlan } from '../../../../src/commands/handlers/scan/plan.js';
import {
  positionOf,
  type ScanShape,
  ScanShapes,
} from '../../../../src/commands/handlers/scan/shapes.js';
import { SlotSet } from '../../../../src/commands/handlers/scan/slot-set.js';
import { SLOT_COUNT } from '../../../../src/topology/index.js';

const FORMS = CURSOR_FORMS.map((_, form) => form);

/** A plan over `nodes` servers; another epoch is another plan. */
function planOf(configEpoch: number, nodes = 3): ScanPlan {
  const ids = Array.from({ length: nodes }, (_, i) => `node ${i}`);
  const primaries = ids.map((nodeId) => ({ nodeId, configEpoch, runId: `life of ${nodeId}` }));
  const owners = new Uint16Array(SLOT_COUNT).map((_, slot) => slot % nodes);
  const state = { primaries, owners, openSlots: [] };
  return { scope: null, state, nodes: ids, slots: [], numbering: 0 };
}

/** The shape that a cursor at the shape's beginning leads to. */
function foundAgain(shapes: ScanShapes, shape: ScanShape): ScanShape | undefined {
  return shapes.find({ form: 1, position: positionOf({ shape, step: 0 }, 1) })?.shape;
}

test.each(FORMS)('a position of form %d leads to its shape and step on any proxy', (form) => {
  const [here, there] = [new ScanShapes(), new ScanShapes()];
  const shape = here.remember(planOf(1));
  there.remember(planOf(2));
  there.remember(planOf(1));
  for (const step of [0, 1, 2, 3]) {
    const found = there.find({ form, position: positionOf({ shape, step }, form) });
    expect([found?.shape.bases, found?.step]).toEqual([shape.bases, step]);
  }
  expect(there.find({ form, position: positionOf({ shape, step: 4 }, form) })).toBeUndefined();
});

test('another scope is another plan, the same slots are the same scope', () => {
  const shapes = new ScanShapes();
  const [plan, even] = [planOf(1), (slot: number) => slot % 2 === 0];
  const [all, some, again, others] = [
    shapes.remember(plan),
    shapes.remember({ ...plan, scope: new SlotSet(even) }),
    shapes.remember({ ...plan, scope: new SlotSet(even) }),
    shapes.remember({ ...plan, scope: new SlotSet((slot) => !even(slot)) }),
  ];
  expect(again).toBe(some);
  expect(new Set([all, some, others]).size).toBe(3);
});

test('the same plan is remembered once', () => {
  const shapes = new ScanShapes(2);
  const first = shapes.remember(planOf(1));
  const second = shapes.remember(planOf(2));
  for (let i = 0; i < 3; i++) expect(shapes.remember(planOf(1))).toBe(first);
  expect(foundAgain(shapes, second)).toBe(second);
});

test.each<[string, (plan: ScanPlan) => ScanPlan]>([
  ['epoch', () => planOf(2)],
  ['servers to scan', (plan) => ({ ...plan, nodes: plan.nodes.slice(1) })],
  ['slots to list', (plan) => ({ ...plan, slots: [7] })],
  ['numbering', (plan) => ({ ...plan, numbering: 1 })],
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
  const changed = shapes.remember(change(planOf(1)));
  for (const form of FORMS) expect(changed.bases[form]).not.toBe(shape.bases[form]);
});

test('shapes that are used are kept, the others are forgotten', () => {
  const shapes = new ScanShapes(3);
  const used = shapes.remember(planOf(0));
  const unused = shapes.remember(planOf(1));
  for (let epoch = 2; epoch < 6; epoch++) {
    shapes.remember(planOf(epoch));
    expect(foundAgain(shapes, used)).toBe(used);
  }
  expect(foundAgain(shapes, unused)).toBeUndefined();
});

test.each(FORMS)('no two shapes share a position of form %d, however many steps', (form) => {
  const shapes = new ScanShapes(200);
  const bases = Array.from(
    { length: 200 },
    (_, epoch) => shapes.remember(planOf(epoch, 1_000)).bases[form] ?? 0,
  );
  const sorted = bases.sort((a, b) => a - b);
  // A thousand servers and the slots.
  const limit = CURSOR_FORMS[form]?.positionLimit ?? 0;
  const gaps = sorted.map((base, i) => (sorted[i + 1] ?? limit) - base);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_001);
  expect(sorted[0]).toBeGreaterThan(0);
});
