import type { Endpoint } from '../shards/index.js';

export const SLOT_COUNT = 16_384;
/** In `ClusterTopology.slotToShard`: no owner is known for the slot. */
export const UNASSIGNED = 0xffff;

export type ServerRole = 'primary' | 'replica';

/** Flags of CLUSTER NODES that say something about a server's health; `pfail` is its `fail?`. */
export type ServerFlag = 'fail' | 'pfail' | 'nofailover';

/** What a server says of itself through the cluster bus. */
export interface AnnouncedAddress {
  /** As announced; where a server announced none, the address at which it was reached. */
  readonly host: string;
  readonly port: number;
  readonly hostname: string | null;
}

export interface ServerNode {
  /** 40 hexadecimal digits. */
  readonly nodeId: string;
  /** Where to connect: after the address map and name resolution, so `host` is an IP address. */
  readonly address: Endpoint;
  readonly announced: AnnouncedAddress;
  /** Every `host:port` by which a redirect may name this server, and no other server of the cluster. */
  readonly redirectNames: readonly string[];
  readonly role: ServerRole;
  /** Empty for a server in good health, as far as most members of the cluster see it. */
  readonly flags: readonly ServerFlag[];
  /** Whether a member that we asked has a bus connection to it, or it answered us itself. */
  readonly linkConnected: boolean;
  readonly configEpoch: number;
  readonly hasSlots: boolean;
}

/** A primary that owns slots, and its replicas, as indexes into `ClusterTopology.servers`. */
export interface Shard {
  /** Null if the owner has no address that we know. */
  readonly primary: number | null;
  readonly replicas: readonly number[];
}

/** A slot on its way from one primary to another. The two ends may not yet agree: each is listed. */
export interface OpenSlot {
  readonly slot: number;
  readonly state: 'migrating' | 'importing';
  /** The node on which the slot is open. */
  readonly nodeId: string;
  readonly peerNodeId: string;
}

/** Slot ownership at one instant. Never mutated: a refresh builds a new one and swaps it in. */
export interface ClusterTopology {
  /** Grows by one on each swap; logged with every routing error. Not the cluster's config epoch. */
  readonly version: number;
  /**
   * Monotonic milliseconds (`performance.now()`) at which the refresh that led to this began. What a
   * worker learned later than that, from a redirect, is newer than this snapshot.
   */
  readonly refreshStartedAtMs: number;
  /** The highest `cluster_current_epoch` that was seen. */
  readonly currentEpoch: number;
  /** `cluster-node-timeout` of the servers; null where CONFIG GET is not permitted. */
  readonly nodeTimeoutMs: number | null;
  /** In order of their first slot. */
  readonly shards: readonly Shard[];
  /** In order of node id. Includes replicas and primaries without slots, which ASK may name. */
  readonly servers: readonly ServerNode[];
  /** Length 16384. `slotToShard[slot]` indexes `shards`, or is `UNASSIGNED`. Never written again. */
  readonly slotToShard: Uint16Array;
  readonly openSlots: readonly OpenSlot[];
}
