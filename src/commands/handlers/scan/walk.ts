import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyError } from '../../../errors/index.js';
import { nativeAddon } from '../../../native/index.js';
import type { CommandArguments, RespValue } from '../../../resp/index.js';
import type { SlotState } from '../../../topology/index.js';
import type { Errands } from '../errands.js';
import { askServer, type ServerAnswer } from './ask-server.js';
import { type DecodedCursor, encodeCursor, formOf, HANDLE_FORM } from './cursor.js';
import type { ScanOptions } from './options.js';
import {
  fullPlan,
  isIn,
  NUMBERINGS,
  type Remainder,
  repairPlan,
  type ScanPlan,
  unlistedPlan,
} from './plan.js';
import type { Scans } from './scans.js';
import { positionOf, type ScanShape, type ShapePosition } from './shapes.js';
import { changesBetween, holdersOf, holdsAnything, type SlotChanges } from './slot-changes.js';
import { listSlot } from './slot-keys.js';
import type { SlotSet } from './slot-set.js';

/** Where a scan is. */
interface Place extends ShapePosition {
  /** The server's cursor, or the index of the next slot. */
  readonly cursor: bigint;
}

/** Slots without keys must not make one call last for ever. */
const SLOTS_PER_CALL = 64;

/** One SCAN of a client: where it goes on, what it returns, and where the next one will. */
export class ScanWalk {
  readonly #scans: Scans;
  readonly #errands: Errands;
  readonly #options: ScanOptions;
  readonly #scope: () => SlotSet | null;

  /** @param scope Slots that a scan covers which begins now; null: all. */
  constructor(scans: Scans, errands: Errands, options: ScanOptions, scope: () => SlotSet | null) {
    this.#scans = scans;
    this.#errands = errands;
    this.#options = options;
    this.#scope = scope;
  }

  /**
   * @returns What SCAN replies, or an error.
   * @throws ProxyError if the servers could not be asked who owns what.
   */
  async step(cursor: Exclude<DecodedCursor, { kind: 'invalid' }>): Promise<RespValue> {
    const place = this.#find(cursor) ?? (await this.#begin(cursor));
    if (place === null) {
      return scanReply('0', []);
    }
    return place.step < place.shape.nodes.length ? this.#scanNode(place) : this.#listSlots(place);
  }

  /** The beginning of a scan; null if it is over at once. */
  async #begin(cursor: DecodedCursor): Promise<Place | null> {
    const { shapes, states, random } = this.#scans;
    const scope = this.#scope();
    if (scope?.isEmpty === true) {
      return null;
    }
    if (cursor.kind !== 'inside') {
      return this.#startOf(fullPlan(await states.recent(), scope, 0));
    }
    // Another proxy's, or from before a restart. If the cluster is still as it was when that scan
    // began, its shape is that of a scan that begins now.
    const state = await states.fresh();
    for (const numbering of NUMBERINGS) {
      const shape = shapes.remember(fullPlan(state, scope, numbering));
      if (shape.slots.length > 0) {
        shapes.remember(unlistedPlan(shape));
      }
    }
    const numbering = Math.floor(random() * NUMBERINGS.length);
    return this.#find(cursor) ?? this.#startOf(fullPlan(state, scope, numbering));
  }

  #find(cursor: DecodedCursor): Place | undefined {
    if (cursor.kind !== 'inside') {
      return undefined;
    }
    const { shapes, handles } = this.#scans;
    const found = shapes.find(cursor);
    const { form, position, nodeCursor } = cursor;
    const serverCursor =
      form === HANDLE_FORM ? (handles.find(position, nodeCursor) ?? 0n) : BigInt(nodeCursor);
    return found && { ...found, cursor: serverCursor };
  }

  async #scanNode(place: Place): Promise<RespValue> {
    const { shape, step, cursor } = place;
    const nodeId = shape.nodes[step] ?? '';
    const answer = await this.#ask(nodeId, ['SCAN', String(cursor), ...this.#options.words]);
    if (answer.kind === 'gone') {
      return this.#replan(shape, { nodes: shape.nodes.slice(step), slots: shape.slots }, []);
    }
    if (answer.kind === 'failed') {
      return { kind: 'error', text: answer.text };
    }
    const page = pageOf(answer.reply);
    if (page === null) {
      return answer.reply;
    }
    const keys = page.keys.filter((key) => isKeyIn(shape.scope, key));
    return page.cursor === 0n
      ? this.#advance(shape, step + 1, keys)
      : this.#page({ shape, step, cursor: page.cursor }, keys);
  }

  async #listSlots({ shape, step, cursor }: Place): Promise<RespValue> {
    const { scope, slots, state } = shape;
    const keys: RespValue[] = [];
    const start = Number(cursor);
    for (let i = start; i < slots.length; i++) {
      if (i - start >= SLOTS_PER_CALL || keys.length >= this.#options.count) {
        return this.#page({ shape, step, cursor: BigInt(i) }, keys);
      }
      const slot = slots[i] ?? -1;
      const holders = this.#counts(scope, slot) ? holdersOf(state, slot) : [];
      const listing = await this.#list(slot, holders);
      if (listing.kind === 'unlisted') {
        return this.#page(this.#startOf(unlistedPlan(shape)), keys);
      }
      if (listing.kind === 'gone') {
        return this.#replan(shape, { nodes: [], slots: slots.slice(i) }, keys);
      }
      if (listing.kind === 'failed') {
        return { kind: 'error', text: listing.text };
      }
      keys.push(...listing.keys.map((bytes): RespValue => ({ kind: 'bulk', bytes })));
    }
    return this.#finish(shape, keys);
  }

  #list(slot: number, holders: readonly string[]) {
    if (!this.#options.areKnown) {
      return { kind: 'unlisted' } as const;
    }
    const lister = {
      errands: this.#errands,
      options: this.#options,
      ask: (nodeId: string, args: CommandArguments) => this.#ask(nodeId, args),
    };
    return listSlot(lister, slot, holders);
  }

  /** Goes to the next step, or ends the scan. */
  #advance(shape: ScanShape, from: number, keys: readonly RespValue[]): Promise<RespValue> {
    const step = this.#nextStep(shape, from);
    return step < shape.nodes.length || shape.slots.length > 0
      ? Promise.resolve(this.#page({ shape, step, cursor: 0n }, keys))
      : this.#finish(shape, keys);
  }

  /** The plan is done. What has changed meanwhile is looked at again, until nothing changes. */
  #finish(shape: ScanShape, keys: readonly RespValue[]): Promise<RespValue> {
    return this.#replan(shape, { nodes: [], slots: [] }, keys);
  }

  /** A new plan: what is left of the old one, and what has changed since that was made. */
  async #replan(shape: ScanShape, left: Remainder, keys: readonly RespValue[]): Promise<RespValue> {
    const { scope } = shape;
    const state = await this.#currentState(scope);
    const changes = this.#changes(shape, state);
    const isDone = [left.nodes, left.slots, changes.slots].every(({ length }) => length === 0);
    return isDone
      ? scanReply('0', keys)
      : this.#page(this.#startOf(repairPlan(scope, state, left, changes)), keys);
  }

  /** If there is one slot only, it is listed, whatever else its owners have. */
  #changes({ scope, state }: ScanShape, now: SlotState): SlotChanges {
    const changes = changesBetween(state, now, (slot) => this.#counts(scope, slot));
    return this.#options.slot === null ? changes : { ...changes, newTerms: [] };
  }

  #startOf(plan: ScanPlan): Place {
    const shape = this.#scans.shapes.remember(plan);
    return { shape, step: this.#nextStep(shape, 0), cursor: 0n };
  }

  /** A reading in which every owner that counts has answered for itself. */
  async #currentState(scope: SlotSet | null): Promise<SlotState> {
    const { states, nowMs, waitMs, pollMs } = this.#scans;
    const deadlineMs = nowMs() + waitMs();
    const owns = ({ owners }: SlotState, primary: number) =>
      owners.some((owner, slot) => owner === primary && this.#counts(scope, slot));
    for (;;) {
      const state = await states.fresh();
      const silent = state.primaries.find(({ runId }, i) => runId === null && owns(state, i));
      if (silent === undefined) {
        return state;
      }
      if (nowMs() >= deadlineMs) {
        throw new ProxyError('view_incomplete', `${silent.nodeId} owns slots and does not answer`);
      }
      await sleep(pollMs);
    }
  }

  #counts(scope: SlotSet | null, slot: number): boolean {
    return (this.#options.slot === null || this.#options.slot === slot) && isIn(scope, slot);
  }

  /** The first step from `from` on that can bring keys. */
  #nextStep({ nodes, state }: ScanShape, from: number): number {
    const { slot } = this.#options;
    const holders = slot === null ? nodes : holdersOf(state, slot);
    const next = nodes.findIndex((nodeId, i) => i >= from && holders.includes(nodeId));
    return next === -1 ? nodes.length : next;
  }

  #page(place: Place, keys: readonly RespValue[]): RespValue {
    const { cursor } = place;
    const form = formOf(cursor);
    const position = positionOf(place, form);
    const nodeCursor =
      form === HANDLE_FORM ? this.#scans.handles.keep(position, cursor) : Number(cursor);
    return scanReply(encodeCursor({ form, position, nodeCursor }), keys);
  }

  #ask(nodeId: string, args: CommandArguments): Promise<ServerAnswer> {
    const { waitMs, nowMs, pollMs, states } = this.#scans;
    const isGone = () =>
      states.fresh().then(
        (state) => !holdsAnything(state, nodeId),
        () => false,
      );
    return askServer(this.#errands, nodeId, args, { waitMs, nowMs, pollMs, isGone });
  }
}

function scanReply(cursor: string, keys: readonly RespValue[]): RespValue {
  const items: readonly RespValue[] = [
    { kind: 'bulk', bytes: Buffer.from(cursor) },
    { kind: 'array', items: keys },
  ];
  return { kind: 'array', items };
}

function isKeyIn(scope: SlotSet | null, key: RespValue): boolean {
  return scope === null || (key.kind === 'bulk' && scope.has(nativeAddon().slotForKey(key.bytes)));
}

/** What a server answered to SCAN; null if it is an error. */
function pageOf(
  reply: RespValue,
): { readonly cursor: bigint; readonly keys: readonly RespValue[] } | null {
  const [cursor, keys] = reply.kind === 'array' ? reply.items : [];
  const text = cursor?.kind === 'bulk' ? cursor.bytes.toString('latin1') : '';
  return /^\d+$/.test(text) && keys?.kind === 'array'
    ? { cursor: BigInt(text), keys: keys.items }
    : null;
}
