import { createHash } from 'node:crypto';
import type {
  ErrandArguments,
  ErrandOutcome,
  Errands,
} from '../../../../src/commands/handlers/errands.js';
import { globMatches } from '../../../../src/commands/handlers/glob.js';
import type { CommandArguments, RespValue } from '../../../../src/resp/index.js';
import {
  SLOT_COUNT,
  type SlotOnItsWay,
  type SlotState,
  UNASSIGNED,
} from '../../../../src/topology/index.js';

interface FakeNode {
  /** Another one in each life of the process: cursors mean nothing in the next. */
  runId: string;
  epoch: number;
  isUp: boolean;
  /** Keys by slot, whoever owns it. */
  readonly keys: Map<number, Set<string>>;
}

const text = (value: string): RespValue => ({ kind: 'bulk', bytes: Buffer.from(value) });
const error = (value: string): RespValue => ({ kind: 'error', text: value });

/**
 * The part of a cluster that SCAN meets: servers whose cursors walk the keys in an order of their
 * own, as hash tables with a random seed do, and whose slots move as by SETSLOT and MIGRATE.
 */
export class FakeScanCluster {
  readonly nodes = new Map<string, FakeNode>();
  readonly owners = new Map<number, string>();
  readonly open = new Map<number, Omit<SlotOnItsWay, 'slot'>>();
  /** Every command that was sent, as `node: COMMAND …`. */
  readonly sent: string[] = [];
  /** Called before each command is executed. */
  onSend: () => void = () => undefined;
  /** Called before each reading of the slots. */
  onRead: () => void = () => undefined;
  /** Bits of the servers' cursors. */
  cursorBits = 30;
  isListingAllowed = true;
  /** Nodes that never answer. */
  readonly hanging = new Set<string>();
  #lives = 0;
  readonly #places = new Map<string, bigint>();

  /** @param slots Divided among the nodes in equal parts. */
  constructor(nodes: number, slots: readonly number[]) {
    const ids = Array.from({ length: nodes }, () => this.addNode());
    slots.forEach((slot, i) => {
      const id = ids[Math.floor((i * nodes) / slots.length)] ?? '';
      this.owners.set(slot, id);
    });
    ids.forEach((id, i) => {
      this.node(id).epoch = i + 1;
    });
  }

  node(id: string): FakeNode {
    const node = this.nodes.get(id);
    if (node === undefined) {
      throw new Error(`no node ${id}`);
    }
    return node;
  }

  ownerOf(slot: number): string {
    return this.owners.get(slot) ?? '';
  }

  addNode(): string {
    const id = `n${++this.#lives}`;
    this.nodes.set(id, { runId: this.#newRunId(), epoch: 0, isUp: true, keys: new Map() });
    return id;
  }

  removeNode(id: string): void {
    this.nodes.delete(id);
  }

  add(slot: number, ...keys: readonly string[]): void {
    const held = this.#keysOf(this.ownerOf(slot), slot);
    for (const key of keys) {
      held.add(key);
    }
  }

  delete(slot: number, key: string): void {
    for (const node of this.nodes.values()) {
      node.keys.get(slot)?.delete(key);
    }
  }

  openSlot(slot: number, to: string): void {
    this.open.set(slot, { from: this.ownerOf(slot), to });
  }

  /** Moves up to `limit` keys of an open slot. */
  moveKeys(slot: number, limit = Infinity): void {
    const { from, to } = this.open.get(slot) ?? {};
    if (from == null || to == null) {
      return;
    }
    for (const key of [...this.#keysOf(from, slot)].slice(0, limit)) {
      this.#keysOf(from, slot).delete(key);
      this.#keysOf(to, slot).add(key);
    }
  }

  closeSlot(slot: number): void {
    const { from, to } = this.open.get(slot) ?? {};
    if (from == null || to == null) {
      return;
    }
    this.moveKeys(slot);
    this.open.delete(slot);
    this.owners.set(slot, to);
    const node = this.node(to);
    if ([...this.nodes.values()].some((other) => other !== node && other.epoch >= node.epoch)) {
      node.epoch = this.#highestEpoch() + 1;
    }
  }

  migrate(slot: number, to: string): void {
    this.openSlot(slot, to);
    this.closeSlot(slot);
  }

  restart(id: string): void {
    this.node(id).runId = this.#newRunId();
  }

  /** A replica, which has the same keys in another order, takes over; the old primary is gone. */
  failover(id: string): string {
    const next = this.addNode();
    const node = this.node(next);
    node.epoch = this.#highestEpoch() + 1;
    for (const [slot, keys] of this.node(id).keys) {
      node.keys.set(slot, new Set(keys));
    }
    for (const [slot, owner] of this.owners) {
      if (owner === id) {
        this.owners.set(slot, next);
      }
    }
    // The new one does not know of open slots; the other end remembers, as long as it is there.
    for (const [slot, { from, to }] of this.open) {
      const ends = { from: from === id ? null : from, to: to === id ? null : to };
      this.open.set(slot, ends);
      if (ends.from === null && ends.to === null) this.open.delete(slot);
    }
    this.removeNode(id);
    return next;
  }

  /** Brings the keys of a slot together of whose move one end or both were replaced, as operators do. */
  repair(slot: number): void {
    const open = this.open.get(slot);
    if (open !== undefined && open.from !== null && open.to !== null) {
      return;
    }
    this.open.delete(slot);
    const owned = this.#keysOf(this.ownerOf(slot), slot);
    for (const node of this.nodes.values()) {
      const stray = node.keys.get(slot);
      if (stray !== undefined && stray !== owned) {
        for (const key of stray) owned.add(key);
        stray.clear();
      }
    }
  }

  /**
   * Whether the key is with the slot's owner or at an end of its move that is still there. One that
   * was left on any other server is out of reach of all clients, until the slot is repaired.
   */
  isInReach(slot: number, key: string): boolean {
    const { from = null, to = null } = this.open.get(slot) ?? {};
    const holders = [this.ownerOf(slot), from, to];
    return holders.some((id) => id !== null && this.node(id).keys.get(slot)?.has(key));
  }

  readSlotState(): Promise<SlotState> {
    this.onRead();
    const ids = [...new Set([...this.owners].sort(([a], [b]) => a - b).map(([, id]) => id))];
    const owners = new Uint16Array(SLOT_COUNT).fill(UNASSIGNED);
    for (const [slot, id] of this.owners) {
      owners[slot] = ids.indexOf(id);
    }
    const openSlots = [...this.open].map(([slot, ends]) => ({ slot, ...ends }));
    const primaries = ids.map((nodeId) => {
      const { epoch, runId, isUp } = this.node(nodeId);
      return { nodeId, configEpoch: epoch, runId: isUp ? runId : null };
    });
    return Promise.resolve({
      primaries,
      owners,
      openSlots: openSlots.sort((a, b) => a.slot - b.slot),
    });
  }

  errands(): Errands {
    const unused = (): never => {
      throw new Error('SCAN does not use this');
    };
    return {
      isGone: () => false,
      primaries: unused,
      nodes: unused,
      ownerOf: unused,
      send: (ids, args) => Promise.all(ids.map((id) => this.#outcome(id, wordsOf(args)))),
      sendToSlot: (slot, args) => Promise.resolve(this.#type(slot, wordsOf(args))),
      sendToShards: unused,
      sendToNodes: unused,
    };
  }

  async #outcome(id: string, args: CommandArguments): Promise<ErrandOutcome> {
    this.onSend();
    this.sent.push(`${id}: ${args.map(String).join(' ')}`);
    await (this.hanging.has(id) ? new Promise(() => undefined) : Promise.resolve());
    const node = this.nodes.get(id);
    if (node?.isUp !== true) {
      return { kind: 'not_sent', reason: 'refused' };
    }
    const [name, ...rest] = args.map(String);
    const reply = name === 'SCAN' ? this.#scan(node, rest) : this.#list(node, rest);
    return { kind: 'reply', reply };
  }

  #scan(node: FakeNode, [cursor = '', ...options]: readonly string[]): RespValue {
    let [count, pattern, type] = [10, '*', ''];
    for (let i = 0; i < options.length; i += 2) {
      const value = options[i + 1] ?? '';
      if (options[i] === 'COUNT') count = Number(value);
      else if (options[i] === 'MATCH') pattern = value;
      else if (options[i] === 'TYPE') type = value;
      else return error('ERR syntax error');
    }
    const all = [...node.keys.values()]
      .flatMap((keys) => [...keys])
      .map((key) => ({ key, place: this.#place(node, key) }))
      .filter(({ place }) => place >= BigInt(cursor))
      .sort((a, b) => (a.place < b.place ? -1 : 1));
    // Keys at one place are one bucket.
    const next = all.find(({ place }, i) => i >= count && place !== all[count - 1]?.place);
    const page = next === undefined ? all : all.filter(({ place }) => place < next.place);
    const keys = page
      .map(({ key }) => key)
      .filter((key) => globMatches(pattern, key) && (type === '' || typeOf(key) === type));
    const items = [
      text(String(next?.place ?? 0)),
      { kind: 'array', items: keys.map(text) } as const,
    ];
    return { kind: 'array', items };
  }

  #list(node: FakeNode, [sub, slot, limit]: readonly string[]): RespValue {
    if (sub !== 'GETKEYSINSLOT') {
      return error(`ERR unexpected ${sub}`);
    }
    if (!this.isListingAllowed) {
      return error(
        "NOPERM this user has no permissions to run the 'cluster|getkeysinslot' command",
      );
    }
    const keys = [...(node.keys.get(Number(slot)) ?? [])].slice(0, Number(limit));
    return { kind: 'array', items: keys.map(text) };
  }

  #type(slot: number, args: CommandArguments): RespValue {
    const key = String(args[1]);
    const exists = [...this.nodes.values()].some((node) => node.keys.get(slot)?.has(key));
    return { kind: 'simple', text: exists ? typeOf(key) : 'none' };
  }

  #place(node: FakeNode, key: string): bigint {
    const id = `${node.runId} ${key}`;
    const known = this.#places.get(id);
    const place = known ?? createHash('sha1').update(id).digest().readBigUInt64BE();
    this.#places.set(id, place);
    return (place >> BigInt(64 - this.cursorBits)) + 1n;
  }

  #keysOf(id: string, slot: number): Set<string> {
    const { keys } = this.node(id);
    const held = keys.get(slot) ?? new Set();
    keys.set(slot, held);
    return held;
  }

  #highestEpoch(): number {
    return Math.max(...[...this.nodes.values()].map(({ epoch }) => epoch));
  }

  #newRunId(): string {
    return createHash('sha1')
      .update(`life ${++this.#lives}`)
      .digest('hex');
  }
}

/** `list:…` is a list; everything else is a string. */
function typeOf(key: string): string {
  return key.includes('list:') ? 'list' : 'string';
}

function wordsOf(args: ErrandArguments): CommandArguments {
  return typeof args === 'function' ? args() : args;
}
