import { createHash } from 'node:crypto';
import type { SlotState } from '../../../topology/index.js';
import { CURSOR_FORMS, type CursorPosition, ofForm } from './cursor.js';
import type { ScanPlan } from './plan.js';

/**
 * A plan under numbers that clients carry in their cursors. The numbers follow from the plan and the
 * state of the cluster alone, so that proxies which see the same cluster agree on them.
 */
export interface ScanShape extends ScanPlan {
  /** Its first position in each form of cursor: step n has `bases[form] + n`. */
  readonly bases: readonly number[];
}

/** A place in a plan: `step` is an index into `nodes`, or their number for the slots. */
export interface ShapePosition {
  readonly shape: ScanShape;
  readonly step: number;
}

/**
 * Few on purpose. A cursor from before a restart or of another proxy must not be taken for one of a
 * shape that is remembered here; the odds are the share of all positions of its form that are taken.
 */
const SHAPES_MAX = 64;

/** The shapes that scans go by, the least recently used one forgotten first. */
export class ScanShapes {
  /** By the ids of their plans. */
  readonly #shapes = new Map<string, ScanShape>();
  readonly #max: number;

  constructor(max = SHAPES_MAX) {
    this.#max = max;
  }

  /** Gives the plan its numbers. The same plan has the same ones. */
  remember(plan: ScanPlan): ScanShape {
    const id = idOf(plan);
    const shape = this.#shapes.get(id) ?? {
      ...plan,
      bases: CURSOR_FORMS.map((_, form) => this.#freeBase(id, spanOf(plan), form)),
    };
    this.#touch(id, shape);
    return shape;
  }

  /** @param at Of a cursor. @returns undefined if the shape is not known, or not any more. */
  find({ form, position }: CursorPosition): ShapePosition | undefined {
    for (const [id, shape] of this.#shapes) {
      const step = position - ofForm(shape.bases, form);
      if (step >= 0 && step < spanOf(shape)) {
        this.#touch(id, shape);
        return { shape, step };
      }
    }
    return undefined;
  }

  #freeBase(id: string, span: number, form: number): number {
    const room = ofForm(CURSOR_FORMS, form).positionLimit - span;
    for (let attempt = 0; ; attempt++) {
      const digest = createHash('sha256').update(`${form} ${attempt} ${id}`).digest();
      const base = 1 + (digest.readUIntBE(0, 6) % room);
      if (!this.#isTaken(base, span, form)) {
        return base;
      }
    }
  }

  #isTaken(base: number, span: number, form: number): boolean {
    return [...this.#shapes.values()].some((shape) => {
      const other = ofForm(shape.bases, form);
      return base < other + spanOf(shape) && other < base + span;
    });
  }

  #touch(id: string, shape: ScanShape): void {
    this.#shapes.delete(id);
    this.#shapes.set(id, shape);
    const [oldest] = this.#shapes.keys();
    if (this.#shapes.size > this.#max && oldest !== undefined) {
      this.#shapes.delete(oldest);
    }
  }
}

/** The position of a step in cursors of the form. */
export function positionOf({ shape, step }: ShapePosition, form: number): number {
  return ofForm(shape.bases, form) + step;
}

/** One step for each node, and one for the slots. */
function spanOf({ nodes }: ScanPlan): number {
  return nodes.length + 1;
}

/** The same for the same plan on any proxy. */
function idOf({ scope, state, nodes, slots, numbering }: ScanPlan): string {
  const { primaries, openSlots } = state;
  const known = [primaries, ownerRuns(state), openSlots];
  const text = JSON.stringify([scope?.id, ...known, nodes, slots, numbering]);
  return createHash('sha256').update(text).digest('hex');
}

/** Each slot that has another owner than the slot before, with that owner's index. */
function ownerRuns({ owners }: SlotState): readonly number[] {
  const runs: number[] = [];
  owners.forEach((owner, slot) => {
    if (slot === 0 || owner !== owners[slot - 1]) {
      runs.push(slot, owner);
    }
  });
  return runs;
}
