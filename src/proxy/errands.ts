import { setTimeout as pause } from 'node:timers/promises';
import {
  busyText,
  type ErrandArguments,
  type ErrandOutcome,
  type Errands,
  type SendOptions,
  type ServersOptions,
  type SlotFilter,
  type SlotOptions,
  tooLargeText,
} from '../commands/index.js';
import type { ClientRef, DataPlane, NativeOutcome } from '../native/index.js';
import { decodeValue, encodeCommand, type RespValue } from '../resp/index.js';
import {
  type ClusterTopology,
  primariesOf,
  type TopologyMonitor,
  UNASSIGNED,
} from '../topology/index.js';
import { type NextStep, nextStep } from './errand-steps.js';

export interface ErrandOptions {
  readonly plane: Pick<DataPlane, 'send'>;
  readonly monitor: Pick<TopologyMonitor, 'topology' | 'requestRefresh'>;
  /** The client that waits for the answer to a control command. */
  readonly client: ClientRef;
  /** How long a command waits for a server that can take it. */
  readonly holdTimeoutMs: number;
  readonly maxRedirects: number;
  /** Its command changes nothing, so it may be sent again after a lost connection. */
  readonly isRepeatable: boolean;
  /** Its command may change data. */
  readonly writes: boolean;
}

interface Attempt {
  readonly step: NextStep;
  /** How long a server had the command before it refused it: time that it was not held. */
  readonly atServerMs: number;
}

/** Instead of a topology that is not there yet. */
const NOTHING = { slotToShard: new Uint16Array(0), shards: [], servers: [] } as const;
/** Delays before a refused command is sent again. */
const RETRY_MS = [10, 20, 50, 100, 200, 500] as const;

/** Commands that a handler sends as the client that asked; see `Errands`. */
export class ClientErrands implements Errands {
  readonly #options: ErrandOptions;
  #isGone = false;

  constructor(options: ErrandOptions) {
    this.#options = options;
  }

  isGone(): boolean {
    return this.#isGone;
  }

  primaries(): readonly string[] {
    const topology = this.#topology();
    return topology === null ? [] : primariesOf(topology).map(({ nodeId }) => nodeId);
  }

  nodes(): readonly string[] {
    const servers = this.#topology()?.servers ?? [];
    const members = servers.filter(({ hasSlots, role }) => hasSlots || role === 'replica');
    return members.filter(({ flags }) => !flags.includes('fail')).map(({ nodeId }) => nodeId);
  }

  ownerOf(slot: number): string | null {
    const topology = this.#topology();
    const primary = topology?.shards[topology.slotToShard[slot] ?? UNASSIGNED]?.primary ?? null;
    const server = primary === null ? undefined : topology?.servers[primary];
    return server === undefined || server.flags.includes('fail') ? null : server.nodeId;
  }

  async send(
    nodeIds: readonly string[],
    args: ErrandArguments,
    options: SendOptions = {},
  ): Promise<readonly ErrandOutcome[]> {
    const outcomes = await this.#options.plane.send(this.#options.client, {
      frame: encodeCommand(typeof args === 'function' ? args() : args),
      nodes: nodeIds,
      lease: options.lease ?? false,
      keep: options.keep ?? false,
      asking: options.asking ?? false,
      blocks: options.blocks ?? false,
      writes: this.#options.writes,
      toBusy: options.toBusy ?? false,
      replyBytesMax: options.replyBytesMax ?? 0,
    });
    return outcomes.map((outcome) => this.#toOutcome(outcome, options));
  }

  async sendToSlot(
    slot: number,
    args: ErrandArguments,
    options: SlotOptions = {},
  ): Promise<RespValue> {
    let deadline = performance.now() + this.#options.holdTimeoutMs;
    let target = this.ownerOf(slot);
    let asking = false;
    let redirects = 0;
    let last: RespValue = { kind: 'error', text: 'CLUSTERDOWN Hash slot not served' };
    for (let attempt = 0; ; attempt++) {
      const interrupted = options.interrupted?.() ?? null;
      if (interrupted !== null) {
        return interrupted;
      }
      const attempted: Attempt =
        target === null
          ? { step: { kind: 'wait', reply: last }, atServerMs: 0 }
          : await this.#attempt(target, slot, args, { ...options, asking });
      const { step } = attempted;
      if (step.kind === 'done') {
        return step.reply;
      }
      last = step.reply;
      deadline += attempted.atServerMs;
      if (step.kind === 'redirect' && !step.asking) {
        this.#options.monitor.requestRefresh({ kind: 'moved', detail: `slot ${slot}` });
      }
      if (step.kind === 'redirect' && ++redirects <= this.#options.maxRedirects) {
        target = step.nodeId;
        asking = step.asking;
        continue;
      }
      const leftMs = Math.ceil(deadline - performance.now());
      if (leftMs <= 0 || this.#isGone) {
        return last;
      }
      this.#options.monitor.requestRefresh({ kind: 'cluster-down', detail: `slot ${slot} waits` });
      const delayMs = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0;
      // All of the time is waited, and then it is tried once more.
      await pause(Math.min(delayMs, leftMs));
      redirects = 0;
      asking = false;
      target = this.ownerOf(slot);
    }
  }

  sendToShards(
    args: ErrandArguments,
    { slots, ...options }: ServersOptions = {},
  ): Promise<readonly RespValue[]> {
    const firstSlots = [...this.#shardsOf(slots).values()];
    return Promise.all(firstSlots.map((slot) => this.sendToSlot(slot, args, options)));
  }

  async sendToNodes(
    args: ErrandArguments,
    { slots, ...options }: ServersOptions = {},
  ): Promise<readonly RespValue[]> {
    const nodeIds = slots === undefined ? this.nodes() : this.#nodesOf(slots);
    const outcomes = await this.send(nodeIds, args, options);
    return outcomes.map((outcome, i) => this.#toValue(outcome, this.#labelOf(nodeIds[i])));
  }

  /** Of each shard that has any of the slots, by its index, the first such slot. */
  #shardsOf(slots: SlotFilter | undefined): ReadonlyMap<number, number> {
    const { slotToShard, shards } = this.#topology() ?? NOTHING;
    const firstOf = (shard: number) =>
      slots === undefined
        ? slotToShard.indexOf(shard)
        : slotToShard.findIndex((each, slot) => each === shard && slots(slot));
    const all = shards.map((_, shard): [number, number] => [shard, firstOf(shard)]);
    return new Map(all.filter(([, slot]) => slot !== -1));
  }

  /** Node ids of the servers of these shards, replicas included. */
  #nodesOf(slots: SlotFilter): readonly string[] {
    const { shards, servers } = this.#topology() ?? NOTHING;
    const members = [...this.#shardsOf(slots).keys()].flatMap((index) => {
      const shard = shards[index];
      return shard === undefined ? [] : [shard.primary, ...shard.replicas];
    });
    const ids = new Set(members.map((member) => (member === null ? '' : servers[member]?.nodeId)));
    return this.nodes().filter((nodeId) => ids.has(nodeId));
  }

  #topology(): ClusterTopology | null {
    return this.#options.monitor.topology;
  }

  async #attempt(
    nodeId: string,
    slot: number,
    args: ErrandArguments,
    options: SlotOptions,
  ): Promise<Attempt> {
    const sentAt = performance.now();
    const [outcome] = await this.send([nodeId], args, options);
    if (outcome?.kind === 'reply') {
      const step = nextStep(outcome.reply, slot, nodeId, this.#topology()?.servers ?? []);
      return { step, atServerMs: performance.now() - sentAt };
    }
    const reply = this.#toValue(outcome, `${this.#labelOf(nodeId)} (slot ${slot})`);
    const mayRepeat =
      outcome?.kind === 'not_sent' || (outcome?.kind === 'lost' && this.#options.isRepeatable);
    return { step: { kind: mayRepeat ? 'wait' : 'done', reply }, atServerMs: 0 };
  }

  #labelOf(nodeId: string | undefined): string {
    const server = this.#topology()?.servers.find((other) => other.nodeId === nodeId);
    return server === undefined
      ? 'a server that left the cluster'
      : `${server.announced.host}:${server.announced.port}`;
  }

  #toOutcome({ kind, bytes }: NativeOutcome, { replyBytesMax = 0 }: SendOptions): ErrandOutcome {
    switch (kind) {
      case 'reply':
        return { kind, reply: decodeValue(bytes) };
      case 'too_large':
        return { kind: 'reply', reply: { kind: 'error', text: tooLargeText(replyBytesMax) } };
      case 'lost':
        return { kind, endpoint: bytes.toString() };
      case 'gone':
        this.#isGone = true;
        return { kind };
      case 'busy':
      case 'not_sent':
        return { kind, reason: bytes.toString() };
    }
  }

  #toValue(outcome: ErrandOutcome | undefined, where: string): RespValue {
    switch (outcome?.kind) {
      case 'reply':
        return outcome.reply;
      case 'busy':
        return { kind: 'error', text: busyText(outcome.reason) };
      case 'lost':
        return {
          kind: 'error',
          text: `OUTCOMEUNKNOWN outcome unknown: connection to ${where} was lost after the command was sent`,
        };
      case 'not_sent': {
        const reason = outcome.reason === '' ? 'not connected yet' : outcome.reason;
        return { kind: 'error', text: `CLUSTERDOWN no connection to ${where}: ${reason}` };
      }
      case 'gone':
      case undefined:
        return { kind: 'error', text: 'ERR the client has left' };
    }
  }
}
