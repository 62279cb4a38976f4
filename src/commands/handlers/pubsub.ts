import type { ControlRequest, NativePubSubFamily } from '../../native/types.js';
import { encodeValue, type RespValue } from '../../resp/index.js';
import type { ControlContext, ControlHandler, ControlOutcome } from './types.js';

/*
 * A server knows its own subscribers only, and of this proxy it sees the connections that workers
 * subscribe over, not the clients behind them. So every figure is the sum over all servers, less
 * the proxy's connections, plus the proxy's clients.
 */

/** The words and the kind of name of one of the two families of channels. */
interface ChannelFamily {
  readonly family: NativePubSubFamily;
  readonly numsub: string;
}

const CHANNELS: ChannelFamily = { family: 'channel', numsub: 'NUMSUB' };
const SHARD_CHANNELS: ChannelFamily = { family: 'shard', numsub: 'SHARDNUMSUB' };

/** PUBSUB CHANNELS [pattern]: the names that any server lists. */
export const handlePubsubChannels: ControlHandler = (request, context) =>
  listChannels(CHANNELS, request, context);

/** PUBSUB SHARDCHANNELS [pattern]. */
export const handlePubsubShardchannels: ControlHandler = (request, context) =>
  listChannels(SHARD_CHANNELS, request, context);

/** PUBSUB NUMSUB [channel …]. */
export const handlePubsubNumsub: ControlHandler = (request, context) =>
  countChannels(CHANNELS, request, context);

/** PUBSUB SHARDNUMSUB [channel …]. */
export const handlePubsubShardnumsub: ControlHandler = (request, context) =>
  countChannels(SHARD_CHANNELS, request, context);

/** PUBSUB NUMPAT. A pattern of subscribers of two servers counts twice: servers do not name them. */
export async function handlePubsubNumpat(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const asked = await askNodes(request.args, context);
  if (asked.kind === 'refused') {
    return answer(asked.error, request);
  }
  const { clients, links } = context.subscriptions('pattern', []).patterns;
  const sum = asked.replies.reduce((total, reply) => total + integerOf(reply), 0n);
  return answer({ kind: 'integer', value: corrected(sum, { clients, links }) }, request);
}

async function listChannels(
  channels: ChannelFamily,
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const asked = await askNodes(request.args, context);
  if (asked.kind === 'refused') {
    return answer(asked.error, request);
  }
  const names = new Map<string, Buffer>();
  for (const name of asked.replies.flatMap(itemsOf)) {
    if (name.kind === 'bulk') {
      names.set(keyOf(name.bytes), name.bytes);
    }
  }
  // A connection stays subscribed for a moment after its last client: that is nobody's channel.
  const unused = context.subscriptions(channels.family, []).unused.map(({ name }) => name);
  const doubtful = unused.filter((name) => names.has(keyOf(name)));
  if (doubtful.length > 0) {
    const counted = await countSubscribers(channels, doubtful, context);
    if (counted.kind === 'refused') {
      return answer(counted.error, request);
    }
    for (const name of doubtful.filter((_, i) => counted.counts[i] === 0n)) {
      names.delete(keyOf(name));
    }
  }
  const items = [...names.values()].map((bytes) => ({ kind: 'bulk', bytes }) as const);
  return answer({ kind: 'array', items }, request);
}

async function countChannels(
  channels: ChannelFamily,
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const names = request.args.slice(2);
  const counted = await countSubscribers(channels, names, context);
  if (counted.kind === 'refused') {
    return answer(counted.error, request);
  }
  const items = names.flatMap((bytes, i): RespValue[] => [
    { kind: 'bulk', bytes },
    { kind: 'integer', value: counted.counts[i] ?? 0n },
  ]);
  return answer({ kind: 'array', items }, request);
}

type Refused = { readonly kind: 'refused'; readonly error: RespValue };

/** The subscribers of each name: of all servers, with this proxy's clients for its connections. */
async function countSubscribers(
  { family, numsub }: ChannelFamily,
  names: readonly Buffer[],
  context: ControlContext,
): Promise<Refused | { readonly kind: 'counts'; readonly counts: readonly bigint[] }> {
  const asked = await askNodes(['PUBSUB', numsub, ...names], context);
  if (asked.kind === 'refused') {
    return asked;
  }
  const own = context.subscriptions(family, names).counts;
  const counts = names.map((_, i) => {
    // Names and counts alternate, in the order of the request.
    const sum = asked.replies.reduce(
      (total, reply) => total + integerOf(itemsOf(reply)[2 * i + 1]),
      0n,
    );
    return corrected(sum, own[i] ?? { clients: 0, links: 0 });
  });
  return { kind: 'counts', counts };
}

/** A server that does not answer has no subscribers for now; what all refuse is refused. */
async function askNodes(
  args: readonly (Buffer | string)[],
  context: ControlContext,
): Promise<Refused | { readonly kind: 'replies'; readonly replies: readonly RespValue[] }> {
  const all = await context.errands.sendToNodes(args);
  const replies = all.filter((reply) => reply.kind !== 'error');
  const error = all.find((reply) => reply.kind === 'error');
  return replies.length === 0 && error !== undefined
    ? { kind: 'refused', error }
    : { kind: 'replies', replies };
}

function corrected(sum: bigint, own: { readonly clients: number; readonly links: number }): bigint {
  const count = sum - BigInt(own.links) + BigInt(own.clients);
  return count < 0n ? 0n : count;
}

function itemsOf(reply: RespValue): readonly RespValue[] {
  return reply.kind === 'array' ? reply.items : [];
}

function integerOf(reply: RespValue | undefined): bigint {
  return reply?.kind === 'integer' ? reply.value : 0n;
}

/** Any bytes as a key of a map. */
function keyOf(name: Buffer): string {
  return name.toString('latin1');
}

function answer(value: RespValue, { protocol }: ControlRequest): ControlOutcome {
  return { kind: 'reply', bytes: encodeValue(value, protocol) };
}
