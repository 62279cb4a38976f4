import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyError } from '../../../errors/index.js';
import type { CommandArguments, RespValue } from '../../../resp/index.js';
import type { SlotState } from '../../../topology/index.js';
import type { Errands } from '../errands.js';
import { askServer, type ServerAnswer } from './ask-server.js';
import { type DecodedCursor, encodeCursor, formOf, HANDLE_FORM } from './cursor.js';
import type { ScanOptions } from './options.js';
import { fullPlan, type Remainder, repairPlan, type ScanPlan, unlistedPlan } from './plan.js';
import type { Scans } from './scans.js';
import { positionOf, type ScanShape, type ShapePosition } from './shapes.js';
import { changesBetween, holdersOf, holdsAnything } from './slot-changes.js';
import { listSlot } from './slot-keys.js';

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

  constructor(scans: Scans, errands: Errands, options: ScanOptions) {
    this.#scans = scans;
    this.#errands = errands;
    this.#options = options;
  }

  /**
   * @returns What SCAN replies, or an error.
   * @throws ProxyError if the servers could not be asked who owns what.
   */
  async step(cursor: Exclude<DecodedCursor, { kind: 'invalid' }>): Promise<RespValue> {
    const place =
      (await this.#find(cursor)) ?? this.#startOf(fullPlan(await this.#scans.states.recent()));
    return place.step < place.shape.nodes.length ? this.#scanNode(place) : this.#listSlots(place);
  }

  async #find(cursor: DecodedCursor): Promise<Place | undefined> {
    if (cursor.kind !== 'inside') {
      return undefined;
    }
    const { shapes, handles, states } = this.#scans;
    if (shapes.find(cursor) === undefined) {
      // Another proxy's, or from before a restart. If the cluster is still as it was when that scan
      // began, its shape is that of a scan that begins now.
      const shape = shapes.remember(fullPlan(await states.fresh()));
      if (shape.slots.length > 0) {
        shapes.remember(unlistedPlan(shape));
      }
    }
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
    return page.cursor === 0n
      ? this.#advance(shape, step + 1, page.keys)
      : this.#page({ shape, step, cursor: page.cursor }, page.keys);
  }

  async #listSlots({ shape, step, cursor }: Place): Promise<RespValue> {
    const { slots, state } = shape;
    const keys: RespValue[] = [];
    const start = Number(cursor);
    for (let i = start; i < slots.length; i++) {
      if (i - start >= SLOTS_PER_CALL || keys.length >= this.#options.count) {
        return this.#page({ shape, step, cursor: BigInt(i) }, keys);
      }
      const slot = slots[i] ?? -1;
      const holders = this.#counts(slot) ? holdersOf(state, slot) : [];
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
    const state = await this.#currentState();
    const changes = changesBetween(shape.state, state, this.#options.slot);
    const isDone = [left.nodes, left.slots, changes.slots].every(({ length }) => length === 0);
    return isDone
      ? scanReply('0', keys)
      : this.#page(this.#startOf(repairPlan(state, left, changes)), keys);
  }

  #startOf(plan: ScanPlan): Place {
    const shape = this.#scans.shapes.remember(plan);
    return { shape, step: this.#nextStep(shape, 0), cursor: 0n };
  }

  /** A reading in which every owner that counts has answered for itself. */
  async #currentState(): Promise<SlotState> {
    const { states, nowMs, waitMs, pollMs } = this.#scans;
    const deadlineMs = nowMs() + waitMs();
    for (;;) {
      const state = await states.fresh();
      const silent = state.primaries.find(({ runId }, i) => runId === null && this.#owns(state, i));
      if (silent === undefined) {
        return state;
      }
      if (nowMs() >= deadlineMs) {
        throw new ProxyError('view_incomplete', `${silent.nodeId} owns slots and does not answer`);
      }
      await sleep(pollMs);
    }
  }

  /** Whether slots that count are the primary's. */
  #owns(state: SlotState, primary: number): boolean {
    const { slot } = this.#options;
    return slot === null || state.owners[slot] === primary;
  }

  #counts(slot: number): boolean {
    return this.#options.slot === null || this.#options.slot === slot;
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
