import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyError } from '../../errors/index.js';
import type { ControlRequest } from '../../native/types.js';
import { textOf } from '../reply-fields.js';
import { parseInfo } from './info/parse.js';
import { type ErrorValue, errorValue, integerValue, isError } from './reply-values.js';
import type { ControlContext, ValueHandler } from './types.js';

/** Pauses between two looks at the replicas' offsets: the first, and the longest, in milliseconds. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;
/** More replicas than any primary has: the server then asks its replicas for their offsets. */
const NUDGE = ['WAIT', '1000000', '1'];
/** In clusters of more servers, some of those that a client has written to are so by mistake. */
const SERVERS_MARKED = 64;
const INTEGER = /^-?\d{1,18}$/;

interface Replication {
  /** Of which the offsets are: another one after a failover. */
  readonly history: string;
  readonly offset: bigint;
  /** Of the replicas that are online. */
  readonly replicaOffsets: readonly bigint[];
}

interface Wish {
  readonly wanted: number;
  /** As `performance.now()` tells the time. */
  readonly deadline: number;
  /** The client has nothing to wait for: every replica will do. */
  readonly wroteNothing: boolean;
}

/**
 * WAIT numreplicas timeout: how many replicas have what the client wrote, on the shard where they are
 * fewest; of a client that wrote nothing, over all shards. A server counts what came over one
 * connection, and the client's writes came over several that others use, too. So each primary's
 * offset of now, which is not before the client's last write, is compared with those of its replicas.
 */
export const handleWait: ValueHandler = async (request, context) => {
  const [, wanted = '', timeout = ''] = request.args.map(String);
  const wrong = complaint(wanted, timeout);
  if (wrong !== undefined) {
    return errorValue(wrong);
  }
  const timeoutMs = Number(timeout);
  const deadline = timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  const wroteNothing = request.written.length === 0;
  const shards = wroteNothing ? context.errands.primaries() : writtenShards(request, context);
  const counts = await Promise.all(
    shards.map((nodeId) =>
      replicasInTime(nodeId, { wanted: Number(wanted), deadline, wroteNothing }, context),
    ),
  );
  const refusal = counts.find((count) => typeof count !== 'number');
  return refusal ?? integerValue(shards.length === 0 ? 0 : Math.min(...counts.map(Number)));
};

function writtenShards(
  { written }: ControlRequest,
  { errands }: ControlContext,
): readonly string[] {
  const primaries = new Set(errands.primaries());
  return errands.nodes().length <= SERVERS_MARKED
    ? written
    : written.filter((nodeId) => primaries.has(nodeId));
}

function complaint(wanted: string, timeout: string): string | undefined {
  if (!INTEGER.test(wanted)) {
    return 'ERR value is not an integer or out of range';
  }
  if (!INTEGER.test(timeout)) {
    return 'ERR timeout is not an integer or out of range';
  }
  return timeout.startsWith('-') ? 'ERR timeout is negative' : undefined;
}

/**
 * Looks until enough replicas have the primary's offset of now, or until the deadline.
 * @returns The count, or the server's refusal to let this user WAIT.
 */
async function replicasInTime(
  nodeId: string,
  { wanted, deadline, wroteNothing }: Wish,
  context: ControlContext,
): Promise<number | ErrorValue> {
  const start = await replicationOf(nodeId, context);
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const refusal = await nudge(nodeId, context);
    if (refusal !== undefined) {
      return refusal;
    }
    const now = await replicationOf(nodeId, context);
    // What another history holds, after a failover or an empty restart, is not what was written.
    const isSame = now !== undefined && start !== undefined && now.history === start.history;
    const count = isSame ? reached(now, wroteNothing ? 0n : start.offset) : 0;
    if (!isSame || count >= wanted || performance.now() >= deadline || context.errands.isGone()) {
      return count;
    }
    await sleep(Math.min(pauseMs, deadline - performance.now()));
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function reached({ replicaOffsets }: Replication, offset: bigint): number {
  return replicaOffsets.filter((replica) => replica >= offset).length;
}

/** Makes the primary ask its replicas at once. @returns Its refusal, if the user may not WAIT. */
async function nudge(nodeId: string, { errands }: ControlContext): Promise<ErrorValue | undefined> {
  const [outcome] = await errands.send([nodeId], NUDGE, { lease: true });
  const reply = outcome?.kind === 'reply' ? outcome.reply : undefined;
  return reply !== undefined && isError(reply) && reply.text.startsWith('NOPERM')
    ? reply
    : undefined;
}

/** @returns undefined if the server does not answer, or is no primary any more. */
async function replicationOf(
  nodeId: string,
  context: ControlContext,
): Promise<Replication | undefined> {
  try {
    const [reply] = await context.execute({ nodeId }, ['INFO', 'replication']);
    return parseReplication(textOf(reply));
  } catch (error) {
    if (error instanceof ProxyError) {
      return undefined;
    }
    throw error;
  }
}

export function parseReplication(info: string): Replication | undefined {
  const fields = new Map(parseInfo(info).flatMap((section) => [...section.fields]));
  if (fields.get('role') !== 'master') {
    return undefined;
  }
  const replicas = [...fields].filter(([name]) => /^slave\d+$/.test(name)).map(([, line]) => line);
  return {
    history: fields.get('master_replid') ?? '',
    offset: BigInt(fields.get('master_repl_offset') ?? 0),
    replicaOffsets: replicas
      .filter((line) => line.includes('state=online'))
      .map((line) => BigInt(/\boffset=(\d+)/.exec(line)?.[1] ?? 0)),
  };
}
