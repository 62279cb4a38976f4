import {
  type ClusterTopology,
  type ServerNode,
  type Shard,
  SLOT_COUNT,
} from '../topology/index.js';

/** Who answers reads. As in valkey-glide; `lowest-latency` is ours. */
export type ReadFrom =
  | 'primary'
  | 'prefer-replica'
  | 'az-affinity'
  | 'az-affinity-replicas-and-primary'
  | 'lowest-latency';

/** In `SlotReaders.slotToSet`: the slot is read from its primary. */
export const PRIMARY_ONLY = 0xffff;

/** What a server was last heard to say. */
export interface ServerFacts {
  /** Milliseconds for which a replica has been cut off from its primary; 0: it is connected. */
  readonly linkDownMs: number;
  readonly isLoading: boolean;
  /** Availability zone; null: it is in none. */
  readonly zone: string | null;
  /** Median of its latest round trips; null: none was measured. */
  readonly latencyMs: number | null;
}

export interface ReadersInput {
  readonly topology: ClusterTopology;
  readonly readFrom: ReadFrom;
  /** Of the proxy; null: it is in none. */
  readonly zone: string | null;
  readonly maxLinkDownMs: number;
  /** Null for a server that does not answer. */
  readonly factsOf: (server: ServerNode) => ServerFacts | null;
  /** `SlotReaders.chosen` until now, for `lowest-latency`. */
  readonly chosen: ReadonlySet<string>;
}

/** Which servers may be read from, slot by slot. */
export interface SlotReaders {
  /** Indexes into `ClusterTopology.servers`, ascending, so that equal sets look equal; none is empty. */
  readonly sets: readonly (readonly number[])[];
  /** Length 16384: index into `sets`, or `PRIMARY_ONLY`; length 0: all slots are read from primaries. */
  readonly slotToSet: Uint16Array;
  /** Node ids of all servers that were chosen, of primaries, too. */
  readonly chosen: ReadonlySet<string>;
}

export const NO_READERS: SlotReaders = {
  sets: [],
  slotToSet: new Uint16Array(0),
  chosen: new Set(),
};

/** Another server has to be nearer by so much, in parts and in milliseconds, to take over. */
const NEARER_FACTOR = 0.8;
const NEARER_MS = 0.1;

/** Slots that are on their way to another primary are not in any set: replicas do not know it. */
export function slotReaders(input: ReadersInput): SlotReaders {
  const { topology } = input;
  const sets: (readonly number[])[] = [];
  const chosen = new Set<string>();
  const setOfShard = topology.shards.map((shard) => {
    const readers = readersOf(shard, input);
    for (const index of readers) {
      chosen.add(topology.servers[index]?.nodeId ?? '');
    }
    const hasReplica = readers.some((index) => index !== shard.primary);
    return hasReplica ? sets.push([...readers].sort((a, b) => a - b)) - 1 : PRIMARY_ONLY;
  });
  if (sets.length === 0) {
    return { ...NO_READERS, chosen };
  }
  const slotToSet = new Uint16Array(SLOT_COUNT);
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    slotToSet[slot] = setOfShard[topology.slotToShard[slot] ?? -1] ?? PRIMARY_ONLY;
  }
  for (const { slot } of topology.openSlots) {
    slotToSet[slot] = PRIMARY_ONLY;
  }
  return { sets, slotToSet, chosen };
}

/** The first group of the word's order in which there is a server; none: the primary. */
function readersOf(shard: Shard, input: ReadersInput): readonly number[] {
  const replicas = shard.replicas.filter((index) => isReadable(index, input));
  const isNear = (index: number) => input.zone !== null && zoneOf(index, input) === input.zone;
  const primary = shard.primary === null ? [] : [shard.primary];
  switch (input.readFrom) {
    case 'primary':
      return [];
    case 'prefer-replica':
      return replicas;
    case 'az-affinity':
      return firstOf([replicas.filter(isNear), replicas]);
    case 'az-affinity-replicas-and-primary':
      return firstOf([replicas.filter(isNear), primary.filter(isNear), replicas]);
    case 'lowest-latency':
      return nearestOf([...replicas, ...primary], input);
  }
}

function firstOf(groups: readonly (readonly number[])[]): readonly number[] {
  return groups.find((group) => group.length > 0) ?? [];
}

/** A replica that the cluster suspects is left alone; the primary serves what it would have. */
function isReadable(index: number, { topology, factsOf, maxLinkDownMs }: ReadersInput): boolean {
  const server = topology.servers[index];
  if (server === undefined || !server.linkConnected || isSuspected(server)) {
    return false;
  }
  const facts = factsOf(server);
  return facts !== null && !facts.isLoading && facts.linkDownMs <= maxLinkDownMs;
}

function isSuspected({ flags }: ServerNode): boolean {
  return flags.includes('fail') || flags.includes('pfail');
}

function zoneOf(index: number, { topology, factsOf }: ReadersInput): string | null {
  const server = topology.servers[index];
  return server === undefined ? null : (factsOf(server)?.zone ?? null);
}

/** Of equals the one that was the nearest before: a client's reads should not change sides for nothing. */
function nearestOf(indexes: readonly number[], input: ReadersInput): readonly number[] {
  const { topology, factsOf, chosen } = input;
  const measured = indexes.flatMap((index) => {
    const server = topology.servers[index];
    const latencyMs = server === undefined ? null : (factsOf(server)?.latencyMs ?? null);
    return server === undefined || latencyMs === null
      ? []
      : [{ index, latencyMs, wasNearest: chosen.has(server.nodeId) }];
  });
  const [first] = [...measured].sort((a, b) => a.latencyMs - b.latencyMs);
  const before = measured.find(({ wasNearest }) => wasNearest);
  if (first === undefined) {
    return [];
  }
  const isClearlyNearer =
    before === undefined ||
    (first.latencyMs < before.latencyMs * NEARER_FACTOR &&
      first.latencyMs < before.latencyMs - NEARER_MS);
  return [isClearlyNearer ? first.index : before.index];
}
