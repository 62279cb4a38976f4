import type {
  ErrandArguments,
  ErrandOutcome,
  Errands,
  SendOptions,
  SlotFilter,
} from '../../../src/commands/index.js';
import type { RespValue } from '../../../src/resp/index.js';

/** One word per server: who, then the command. */
type Call = readonly [nodeId: string, ...string[]];

/** What a fake server does with a command; a value is its reply. */
type Behaviour = (nodeId: string, args: readonly string[]) => RespValue | ErrandOutcome;

export interface RecordingErrands {
  readonly errands: Errands;
  /** In the order of sending; a leased link adds `leased` to the node id. */
  readonly calls: Call[];
}

/** Three shards `a`, `b`, `c`, each with a replica, `a2`, `b2`, `c2`, and every third slot. */
export function recordingErrands(behaviour: Behaviour): RecordingErrands {
  const calls: Call[] = [];
  const primaries = ['a', 'b', 'c'];
  const nodes = primaries.flatMap((primary) => [primary, `${primary}2`]);
  const outcome = (
    nodeId: string,
    args: ErrandArguments,
    options: SendOptions = {},
  ): ErrandOutcome => {
    const words = (typeof args === 'function' ? args() : args).map(String);
    calls.push([options.lease === true ? `${nodeId} leased` : nodeId, ...words]);
    const result = behaviour(nodeId, words);
    return isOutcome(result) ? result : { kind: 'reply', reply: result };
  };
  const value = (nodeId: string, args: ErrandArguments, options?: SendOptions): RespValue => {
    const result = outcome(nodeId, args, options);
    return result.kind === 'reply'
      ? result.reply
      : { kind: 'error', text: `OUTCOMEUNKNOWN outcome unknown: ${result.kind}` };
  };
  const errands: Errands = {
    isGone: () => false,
    primaries: () => primaries,
    nodes: () => nodes,
    ownerOf: (slot) => primaries[slot % primaries.length] ?? null,
    send: (nodeIds, args, options) =>
      Promise.resolve(nodeIds.map((nodeId) => outcome(nodeId, args, options))),
    sendToSlot: (slot, args, options) =>
      Promise.resolve(value(primaries[slot % 3] ?? '', args, options)),
    sendToShards: (args, options) =>
      Promise.resolve(
        primaries
          .filter((_, shard) => hasSlot(shard, options?.slots))
          .map((nodeId) => value(nodeId, args, options)),
      ),
    sendToNodes: (args, options) =>
      Promise.resolve(
        nodes
          .filter((_, i) => hasSlot(Math.floor(i / 2), options?.slots))
          .map((nodeId) => value(nodeId, args, options)),
      ),
  };
  return { errands, calls };
}

function hasSlot(shard: number, slots: SlotFilter = () => true): boolean {
  return Array.from({ length: 16_384 }, (_, slot) => slot).some(
    (slot) => slot % 3 === shard && slots(slot),
  );
}

function isOutcome(result: RespValue | ErrandOutcome): result is ErrandOutcome {
  return ['reply', 'not_sent', 'busy', 'lost', 'gone'].includes(result.kind);
}

/** Replies of the servers in their order; a server beyond the last one gives the last. */
export function inOrder(...replies: readonly RespValue[]): Behaviour {
  const byNode = new Map<string, RespValue>();
  return (nodeId) => {
    const reply = byNode.get(nodeId) ?? replies[Math.min(byNode.size, replies.length - 1)];
    if (reply === undefined) {
      throw new Error('a fake server has no reply');
    }
    byNode.set(nodeId, reply);
    return reply;
  };
}

export type ValueShorthand =
  | string
  | number
  | null
  | readonly ValueShorthand[]
  | { readonly [name: string]: ValueShorthand };

/**
 * Strings are bulk strings, but `+…` is a simple one and `-…` an error; objects are maps, in RESP2
 * flat arrays; a fraction is a double, in RESP2 a bulk string.
 */
export function value(content: ValueShorthand, protocol: 2 | 3 = 3): RespValue {
  if (content === null) {
    return { kind: 'null', isArray: false };
  }
  if (typeof content === 'number') {
    return numberValue(content, protocol);
  }
  if (typeof content === 'string') {
    const text = content.slice(1);
    const kinds: Readonly<Record<string, RespValue>> = {
      '+': { kind: 'simple', text },
      '-': { kind: 'error', text },
    };
    return kinds[content.charAt(0)] ?? { kind: 'bulk', bytes: Buffer.from(content) };
  }
  if (isList(content)) {
    return { kind: 'array', items: content.map((item) => value(item, protocol)) };
  }
  const entries = Object.entries(content).map(
    ([name, item]) => [nameValue(name), value(item, protocol)] as const,
  );
  return protocol === 3 ? { kind: 'map', entries } : { kind: 'array', items: entries.flat() };
}

function isList(content: ValueShorthand): content is readonly ValueShorthand[] {
  return Array.isArray(content);
}

function nameValue(name: string): RespValue {
  return /^\d+$/.test(name)
    ? { kind: 'integer', value: BigInt(name) }
    : { kind: 'bulk', bytes: Buffer.from(name) };
}

function numberValue(number: number, protocol: 2 | 3): RespValue {
  if (Number.isInteger(number)) {
    return { kind: 'integer', value: BigInt(number) };
  }
  return protocol === 3
    ? { kind: 'double', text: String(number) }
    : { kind: 'bulk', bytes: Buffer.from(String(number)) };
}
