import type { ControlRequest } from '../../native/types.js';
import { encodeValue, type RespValue } from '../../resp/index.js';
import { refuse } from './client/arguments.js';
import type { ErrandOutcome } from './errands.js';
import { busyText } from './error-texts.js';
import { type ErrorValue, errorValue, integerValue, isError } from './reply-values.js';
import { bindingOf, readState } from './tracking/state.js';
import type { ControlContext, ControlHandler } from './types.js';

/** On how many disks a write is: 0 or 1 of the primary, and of its replicas. */
type Counts = readonly [local: number, replicas: number];

const NONE = pairValue([0, 0]);
/** A server that is no primary any more: who was one when the client wrote does not count. */
const DEMOTED = /^(?:UNBLOCKED force unblock|ERR WAITAOF cannot be used with replica instances)/;

/**
 * WAITAOF numlocal numreplicas timeout: on how many disks what the client wrote is, on the shard where
 * they are fewest. A server tells it of what came over one connection. So the client gets links of its
 * own with its first WAITAOF, for good; later calls ask over those that it has written to. Of writes
 * over other links (those before the first call, and over links that were lost) nobody knows: the
 * answer is `[0, 0]` until it has been given once and the client has written again.
 */
export const handleWaitAof: ControlHandler = async (request, context) => {
  const sharesLinks = request.connectionState === '';
  if (sharesLinks && context.isFullOfTracking()) {
    return refuse(
      'max number of clients with connections of their own reached (maxTrackingClients)',
    );
  }
  const { nodeIds, isKnown } = writtenShards(request, context);
  const { outcomes, interruption, isLast } = await ask(nodeIds, request, context);
  const bytesOf = (value: RespValue) => encodeValue(value, request.protocol);
  const refusal = outcomes.map(refusalIn).find((error) => error !== undefined) ?? interruption;
  if (refusal !== undefined) {
    return { kind: 'reply', bytes: bytesOf(refusal), close: isLast };
  }
  const counts = outcomes.map(countsIn);
  const told = counts.filter((count) => count !== undefined);
  const state = readState(request.connectionState);
  if (told.length > 0 && state.confirmsWrites !== true) {
    context.bind(request.client, bindingOf(state, { ...state, confirmsWrites: true }));
  }
  return isKnown && told.length === counts.length
    ? { kind: 'reply', bytes: bytesOf(fewest(told)), close: isLast }
    : { kind: 'reply', bytes: bytesOf(NONE), close: isLast, change: 'counts_writes_anew' };
};

interface WrittenShards {
  /** Node ids of the primaries to ask. */
  readonly nodeIds: readonly string[];
  /** Whether they can tell of everything that the client has written. */
  readonly isKnown: boolean;
}

/** A client that wrote nothing asks all primaries. */
function writtenShards(
  { connectionState, written, ownWritten, wroteElsewhere }: ControlRequest,
  { errands }: ControlContext,
): WrittenShards {
  const primaries = errands.primaries();
  const sharesLinks = connectionState === '';
  // The links know of a failover as soon as one of them does: an own one is asked whatever its server
  // is in the topology of this moment.
  const nodeIds = sharesLinks ? written.filter((id) => primaries.includes(id)) : ownWritten;
  return {
    nodeIds: nodeIds.length === 0 ? primaries : nodeIds,
    isKnown: !wroteElsewhere && (written.length === 0 || ownWritten.length > 0),
  };
}

interface Asked {
  readonly outcomes: readonly ErrandOutcome[];
  /** The error for a client that was unblocked on the way. */
  readonly interruption: ErrorValue | undefined;
  /** The proxy stops: the client is closed behind the answer. */
  readonly isLast: boolean;
}

/** Asks in the client's words, so that a server words what is wrong with them, too. */
async function ask(
  nodeIds: readonly string[],
  request: ControlRequest,
  { clients, errands }: ControlContext,
): Promise<Asked> {
  const wait = clients.blocked.begin(request);
  let isLast = false;
  let outcomes: readonly ErrandOutcome[] = [];
  let interruption = wait.interrupted();
  try {
    if (interruption === null) {
      outcomes = await errands.send(nodeIds, request.args, {
        lease: true,
        keep: true,
        blocks: true,
      });
    }
    if (outcomes.some(({ kind }) => kind === 'not_sent')) {
      interruption = wait.interrupted();
    }
  } finally {
    isLast = wait.end().closesClient;
  }
  return {
    outcomes,
    interruption: interruption?.kind === 'error' ? interruption : undefined,
    isLast,
  };
}

function refusalIn(outcome: ErrandOutcome): ErrorValue | undefined {
  if (outcome.kind === 'busy') {
    return errorValue(busyText(outcome.reason));
  }
  const reply = outcome.kind === 'reply' ? outcome.reply : undefined;
  return reply !== undefined && isError(reply) && !DEMOTED.test(reply.text) ? reply : undefined;
}

/** @returns undefined if the server has not told. */
function countsIn(outcome: ErrandOutcome): Counts | undefined {
  if (outcome.kind !== 'reply' || outcome.reply.kind !== 'array') {
    return undefined;
  }
  const [local, replicas] = outcome.reply.items;
  return local?.kind === 'integer' && replicas?.kind === 'integer'
    ? [Number(local.value), Number(replicas.value)]
    : undefined;
}

function fewest(counts: readonly Counts[]): RespValue {
  if (counts.length === 0) {
    return NONE;
  }
  const [locals, replicas] = [counts.map(([local]) => local), counts.map(([, remote]) => remote)];
  return pairValue([Math.min(...locals), Math.min(...replicas)]);
}

function pairValue(counts: Counts): RespValue {
  return { kind: 'array', items: counts.map((count) => integerValue(count)) };
}
