import { createHash } from 'node:crypto';
import type { SlotState } from '../../../topology/index.js';
import { POSITION_LIMIT } from './cursor.js';
import type { ScanPlan } from './plan.js';

/**
 * A plan under a number that clients carry in their cursors. The number follows from the plan and the
 * state of the cluster alone, so that proxies which see the same cluster agree on it.
 */
export interface ScanShape extends ScanPlan {
  /** Its first position: step n has `base + 2n`, or one more if the node cursor is a handle. */
  readonly base: number;
}

/** A place in a plan: `step` is an index into `nodes`, or their number for the slots. */
export interface ShapePosition {
  readonly shape: ScanShape;
  readonly step: number;
  readonly isHandle: boolean;
}

/**
 * Few on purpose. A cursor from before a restart or of another proxy must not be taken for one of a
 * shape that is remembered here; the odds are the share of all positions that are taken.
 */
const SHAPES_MAX = 128;

/** The shapes that scans go by, the least recently used one forgotten first. */
export class ScanShapes {
  readonly #shapes = new Map<number, ScanShape>();
  readonly #texts = new WeakMap<ScanPlan, string>();
  readonly #max: number;

  constructor(max = SHAPES_MAX) {
    this.#max = max;
  }

  /** Gives the plan its number. The same plan has the same one. */
  remember(plan: ScanPlan): ScanShape {
    const text = textOf(plan);
    const span = spanOf(plan);
    for (let attempt = 0; ; attempt++) {
      const base = baseOf(`${attempt} ${text}`, span);
      const known = this.#shapes.get(base);
      if (known !== undefined && this.#texts.get(known) === text) {
        this.#touch(known);
        return known;
      }
      if (!this.#isTaken(base, span)) {
        const shape = { ...plan, base };
        this.#texts.set(shape, text);
        this.#touch(shape);
        return shape;
      }
    }
  }

  /** @param position Of a cursor. @returns undefined if the shape is not known, or not any more. */
  find(position: number): ShapePosition | undefined {
    for (const shape of this.#shapes.values()) {
      const offset = position - shape.base;
      if (offset >= 0 && offset < spanOf(shape)) {
        this.#touch(shape);
        return { shape, step: offset >> 1, isHandle: offset % 2 === 1 };
      }
    }
    return undefined;
  }

  #isTaken(base: number, span: number): boolean {
    return [...this.#shapes.values()].some(
      (shape) => base < shape.base + spanOf(shape) && shape.base < base + span,
    );
  }

  #touch(shape: ScanShape): void {
    this.#shapes.delete(shape.base);
    this.#shapes.set(shape.base, shape);
    const [oldest] = this.#shapes.keys();
    if (this.#shapes.size > this.#max && oldest !== undefined) {
      this.#shapes.delete(oldest);
    }
  }
}

/** The position of a step whose node cursor is kept in the client's cursor. */
export function positionOf(shape: ScanShape, step: number): number {
  return shape.base + 2 * step;
}

function spanOf({ nodes }: ScanPlan): number {
  return 2 * (nodes.length + 1);
}

/** In [1, POSITION_LIMIT - span]. */
function baseOf(text: string, span: number): number {
  const hash = createHash('sha256').update(text).digest().readUIntBE(0, 6);
  return 1 + (hash % (POSITION_LIMIT - span));
}

function textOf({ state, nodes, slots }: ScanPlan): string {
  const { primaries, openSlots } = state;
  return JSON.stringify([primaries, ownerRuns(state), openSlots, nodes, slots]);
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
