import type { NodeLine } from './cluster-nodes.js';
import { type OpenSlot, type ServerFlag, type ServerRole, SLOT_COUNT } from './types.js';

/** The cluster as one of its members sees it. */
export interface ClusterView {
  /** The endpoint that was asked, for logs. */
  readonly source: string;
  readonly currentEpoch: number;
  readonly nodes: readonly NodeLine[];
}

/** What the topology in use says; null before the first one. */
export interface KnownCluster {
  readonly nodeIds: ReadonlySet<string>;
  readonly slotOwnerIds: ReadonlySet<string>;
}

export interface MergedNode {
  readonly nodeId: string;
  readonly host: string;
  readonly port: number;
  readonly hostname: string | null;
  readonly role: ServerRole;
  readonly primaryId: string | null;
  readonly flags: readonly ServerFlag[];
  readonly linkConnected: boolean;
  readonly configEpoch: number;
}

export interface MergedViews {
  /** True if at least one view was complete; then incomplete ones had no say. */
  readonly isComplete: boolean;
  /** True if most of the known nodes are in no answer: this is another cluster, whatever its epochs. */
  readonly isReplaced: boolean;
  /** Sources that belong to another cluster than the one that was chosen. */
  readonly foreignSources: readonly string[];
  readonly currentEpoch: number;
  /** Without nodes that have no address or are in handshake. In order of node id. */
  readonly nodes: readonly MergedNode[];
  /** Length 16384: the owner's node id, or null. */
  readonly slotOwners: readonly (string | null)[];
  readonly openSlots: readonly OpenSlot[];
}

/**
 * Makes one picture of what up to a handful of members answered.
 *
 * A view is complete if it sees most of the known slot-owning primaries connected and not failed;
 * before anything is known, those that any view lists count as known. Per slot the highest config
 * epoch among complete views wins; only if no view is complete, the incomplete ones decide.
 * @param views At least one.
 */
export function mergeViews(views: readonly ClusterView[], known: KnownCluster | null): MergedViews {
  const group = chooseCluster(views, known);
  const listed = idsOf(group);
  const isReplaced = known !== null && countIn(known.nodeIds, listed) * 2 < known.nodeIds.size;
  const owners = known === null || isReplaced ? slotOwnersOf(group) : known.slotOwnerIds;
  const complete = group.filter((view) => isComplete(view, owners));
  const trusted = complete.length > 0 ? complete : group;
  const slotOwners = mergeSlots(trusted);
  return {
    isComplete: complete.length > 0,
    isReplaced,
    foreignSources: views.filter((view) => !group.includes(view)).map((view) => view.source),
    currentEpoch: Math.max(...trusted.map((view) => view.currentEpoch)),
    nodes: mergeNodes(trusted, group, new Set(slotOwners)),
    slotOwners,
    openSlots: group.flatMap((view) => view.nodes.flatMap((node) => node.openSlots)),
  };
}

/** Members listing a common node are one cluster. Of several, the one that we know best is ours. */
function chooseCluster(
  views: readonly ClusterView[],
  known: KnownCluster | null,
): readonly ClusterView[] {
  const groups: { readonly views: ClusterView[]; readonly ids: Set<string> }[] = [];
  for (const view of views) {
    const ids = idsOf([view]);
    const joined = groups.filter((group) => countIn(group.ids, ids) > 0);
    const rest = groups.filter((group) => !joined.includes(group));
    groups.length = 0;
    groups.push(
      {
        views: [...joined.flatMap((group) => group.views), view],
        ids: new Set([...joined.flatMap((group) => [...group.ids]), ...ids]),
      },
      ...rest,
    );
  }
  const inSeedOrder = groups.sort(
    (a, b) => firstIndex(views, a.views) - firstIndex(views, b.views),
  );
  const score = (ids: ReadonlySet<string>) => (known === null ? 0 : countIn(known.nodeIds, ids));
  const best = inSeedOrder.reduce((a, b) => (score(b.ids) > score(a.ids) ? b : a));
  return views.filter((view) => best.views.includes(view));
}

function firstIndex(all: readonly ClusterView[], some: readonly ClusterView[]): number {
  return Math.min(...some.map((view) => all.indexOf(view)));
}

function isComplete(view: ClusterView, owners: ReadonlySet<string>): boolean {
  const seen = view.nodes.filter(
    (node) => owners.has(node.nodeId) && (node.isMyself || (node.linkConnected && !node.isFailed)),
  );
  return seen.length * 2 > owners.size;
}

interface SlotClaim {
  readonly ownerId: string;
  readonly configEpoch: number;
  /** The claim comes from the owner itself: decides between claims of one epoch. */
  readonly isOwn: boolean;
}

function mergeSlots(views: readonly ClusterView[]): readonly (string | null)[] {
  const claims: (SlotClaim | null)[] = new Array<SlotClaim | null>(SLOT_COUNT).fill(null);
  for (const node of views.flatMap((view) => view.nodes)) {
    const claim = {
      ownerId: node.nodeId,
      configEpoch: node.configEpoch,
      isOwn: node.isMyself,
    };
    for (const [first, last] of node.slotRanges) {
      for (let slot = first; slot <= last; slot++) {
        const held = claims[slot];
        if (held === null || held === undefined || isStronger(claim, held)) {
          claims[slot] = claim;
        }
      }
    }
  }
  return claims.map((claim) => claim?.ownerId ?? null);
}

/** A total order, so that the order of the answers never matters. */
function isStronger(a: SlotClaim, b: SlotClaim): boolean {
  if (a.configEpoch !== b.configEpoch) {
    return a.configEpoch > b.configEpoch;
  }
  if (a.isOwn !== b.isOwn) {
    return a.isOwn;
  }
  return a.ownerId < b.ownerId;
}

function mergeNodes(
  trusted: readonly ClusterView[],
  answered: readonly ClusterView[],
  slotOwners: ReadonlySet<string | null>,
): readonly MergedNode[] {
  const byId = new Map<string, NodeLine[]>();
  for (const line of trusted.flatMap((view) => view.nodes)) {
    if (line.isUsable) {
      byId.set(line.nodeId, [...(byId.get(line.nodeId) ?? []), line]);
    }
  }
  const alive = new Set(
    answered.flatMap((view) => view.nodes.filter((n) => n.isMyself).map((n) => n.nodeId)),
  );
  return [...byId.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([nodeId, lines]) => {
      const best = lines.reduce((a, b) => (isNewer(b, a) ? b : a));
      const owns = slotOwners.has(nodeId);
      return {
        nodeId,
        host: lines.find((line) => line.host !== '')?.host ?? '',
        port: best.port,
        hostname: best.hostname,
        role: owns ? 'primary' : best.role,
        primaryId: owns ? null : best.primaryId,
        flags: mergeFlags(lines),
        linkConnected: alive.has(nodeId) || lines.some((line) => line.linkConnected),
        configEpoch: best.configEpoch,
      };
    });
}

/** A node knows itself best, unless others have seen a later epoch of it. */
function isNewer(a: NodeLine, b: NodeLine): boolean {
  return a.configEpoch === b.configEpoch
    ? a.isMyself && !b.isMyself
    : a.configEpoch > b.configEpoch;
}

/** What more than half of the *other* members say: a node never calls itself failed. */
function mergeFlags(lines: readonly NodeLine[]): readonly ServerFlag[] {
  const others = lines.filter((line) => !line.isMyself);
  const most = (test: (line: NodeLine) => boolean) =>
    others.filter(test).length * 2 > others.length;
  const flags: ServerFlag[] = [];
  if (most((line) => line.isFailed)) {
    flags.push('fail');
  } else if (most((line) => line.isSuspected || line.isFailed)) {
    flags.push('pfail');
  }
  if (lines.some((line) => line.isNoFailover)) {
    flags.push('nofailover');
  }
  return flags;
}

function idsOf(views: readonly ClusterView[]): ReadonlySet<string> {
  return new Set(views.flatMap((view) => view.nodes.map((node) => node.nodeId)));
}

function slotOwnersOf(views: readonly ClusterView[]): ReadonlySet<string> {
  const owners = views.flatMap((view) => view.nodes.filter((node) => node.slotRanges.length > 0));
  return new Set(owners.map((node) => node.nodeId));
}

function countIn(ids: ReadonlySet<string>, among: ReadonlySet<string>): number {
  return [...ids].filter((id) => among.has(id)).length;
}
