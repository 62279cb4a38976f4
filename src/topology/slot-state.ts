import { ProxyError } from '../errors/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import { parseClusterNodes } from './cluster-nodes.js';
import { type ClusterTopology, SLOT_COUNT, UNASSIGNED } from './types.js';
import { type ClusterView, type MergedViews, mergeViews } from './views.js';

/** A primary, as one process in one term: another run id or epoch means that things have happened. */
export interface PrimaryTerm {
  readonly nodeId: string;
  /** Grows when the node takes a slot from another node, or wins an election. */
  readonly configEpoch: number;
  /** Of the server process; null if the server did not answer. */
  readonly runId: string | null;
}

/** An open slot, of which both ends may have keys. */
export interface SlotOnItsWay {
  readonly slot: number;
  /** Node id; null for an end that has failed or is no primary any more. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Who holds which slots, as the primaries themselves say, and not as the proxy remembers. */
export interface SlotState {
  /** Those that own slots, in order of their lowest. */
  readonly primaries: readonly PrimaryTerm[];
  /** Length 16384: index into `primaries`, or `UNASSIGNED`. */
  readonly owners: Uint16Array;
  /** In order of slot, `from` and `to`; no two are the same. */
  readonly openSlots: readonly SlotOnItsWay[];
}

export interface SlotStateSource {
  readonly topology: ClusterTopology | null;
  execute(nodeId: string, args: CommandArguments): Promise<RespReply>;
  requestRefresh(reason: { readonly kind: 'unknown-endpoint'; readonly detail: string }): void;
}

interface Answer {
  readonly nodeId: string;
  readonly view: ClusterView;
  readonly runId: string;
}

/**
 * Asks every primary for its slots, its epoch and its run id. What a primary says of itself is never
 * older than this call; servers that do not answer are left out.
 * @throws ProxyError if nobody answers, or if a server refuses to tell.
 */
export async function readSlotState(source: SlotStateSource): Promise<SlotState> {
  const { topology } = source;
  if (topology === null) {
    throw new ProxyError('topology_missing', 'no topology has been loaded yet');
  }
  const asked = topology.servers.filter(
    ({ role, flags }) => role === 'primary' && !flags.includes('fail'),
  );
  const results = await Promise.allSettled(asked.map(({ nodeId }) => askOne(source, nodeId)));
  const answers = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
  for (const result of results) {
    if (result.status === 'rejected' && (answers.length === 0 || isRefusal(result.reason))) {
      throw result.reason;
    }
  }
  if (answers.length === 0) {
    throw new ProxyError('view_incomplete', 'the topology has no primary that could be asked');
  }
  const state = toSlotState(answers);
  const isAsked = (id: string) => asked.some(({ nodeId }) => nodeId === id);
  const missed = state.primaries.find(({ nodeId }) => !isAsked(nodeId));
  if (missed !== undefined) {
    const detail = `${missed.nodeId} owns slots`;
    source.requestRefresh({ kind: 'unknown-endpoint', detail });
  }
  return state;
}

async function askOne(source: SlotStateSource, nodeId: string): Promise<Answer> {
  const [nodesReply, infoReply] = await Promise.all([
    source.execute(nodeId, ['CLUSTER', 'NODES']),
    source.execute(nodeId, ['INFO', 'server']),
  ]);
  const nodes = parseClusterNodes(textOf(nodesReply, 'CLUSTER NODES'));
  const runId = /^run_id:(\w+)/m.exec(textOf(infoReply, 'INFO server'))?.[1];
  if (runId === undefined) {
    throw new ProxyError('permission_denied', `${nodeId}: INFO server shows no run_id`);
  }
  if (nodes.find(({ isMyself }) => isMyself)?.nodeId !== nodeId) {
    throw new ProxyError('node_unknown', `another node answers at the address of ${nodeId}`);
  }
  return { nodeId, runId, view: { source: nodeId, currentEpoch: 0, nodes } };
}

function textOf(reply: RespReply, command: string): string {
  if (reply.kind === 'string') {
    return reply.bytes.toString();
  }
  if (reply.kind === 'error') {
    const code = reply.message.startsWith('NOPERM ') ? 'permission_denied' : 'server_refused';
    throw new ProxyError(code, `${command} was answered with: ${reply.message}`);
  }
  throw new ProxyError('reply_invalid', `${command} was answered with a ${reply.kind}`);
}

/** A server that never tells must be reported: waiting for it would have no end. */
function isRefusal(reason: unknown): boolean {
  return reason instanceof ProxyError && reason.code === 'permission_denied';
}

function toSlotState(answers: readonly Answer[]): SlotState {
  const views = answers.map(({ view }) => view);
  const merged = mergeViews(views, null);
  const runIds = new Map(answers.map(({ nodeId, runId }) => [nodeId, runId]));
  const epochs = new Map(merged.nodes.map(({ nodeId, configEpoch }) => [nodeId, configEpoch]));
  const ownerIds = [...new Set(merged.slotOwners)].filter((id) => id !== null);
  const indexes = new Map(ownerIds.map((id, index) => [id, index]));
  const owners = new Uint16Array(SLOT_COUNT).fill(UNASSIGNED);
  merged.slotOwners.forEach((id, slot) => {
    owners[slot] = id === null ? UNASSIGNED : (indexes.get(id) ?? UNASSIGNED);
  });
  const primaries = ownerIds.map((nodeId) => ({
    nodeId,
    configEpoch: epochs.get(nodeId) ?? 0,
    runId: runIds.get(nodeId) ?? null,
  }));
  return { primaries, owners, openSlots: openSlotsOf(merged) };
}

/** Both ends tell of an open slot, and only one of them if the other has been replaced. */
function openSlotsOf({ nodes, openSlots }: MergedViews): readonly SlotOnItsWay[] {
  const alive = new Set(
    nodes
      .filter(({ role, flags }) => role === 'primary' && !flags.includes('fail'))
      .map(({ nodeId }) => nodeId),
  );
  const found = new Map<string, SlotOnItsWay>();
  for (const { slot, state, nodeId, peerNodeId } of openSlots) {
    const peer = alive.has(peerNodeId) ? peerNodeId : null;
    const [from, to] = state === 'migrating' ? [nodeId, peer] : [peer, nodeId];
    found.set(`${String(slot).padStart(5)} ${from} ${to}`, { slot, from, to });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, open]) => open);
}
