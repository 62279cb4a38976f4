import type { NodeSpec } from '../config/nodes.js';

export type { ClientAddress, NodeSpec } from '../config/nodes.js';

/** How a database presents itself: who routes, and what CLUSTER shows. */
export type Mode = 'standalone' | 'cluster' | 'direct' | 'auto';

/** On which nodes a database's port is open. */
export type ProxyPolicy = 'single' | 'all-master-shards' | 'all-nodes';

export type AddressType = 'internal' | 'external';
export type EndpointType = 'ip' | 'hostname';
export type ShardsPlacement = 'dense' | 'sparse';

/** What this process knows of a node now. */
export interface NodeState {
  readonly spec: NodeSpec;
  readonly isUp: boolean;
}

/** How a database is placed on nodes and shown to clients. */
export interface PlacementSettings {
  readonly mode: Mode;
  readonly policy: ProxyPolicy;
  /** Ids of nodes that listen whatever the policy says, and of nodes that never do. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly preferredIpType: AddressType;
  readonly preferredEndpointType: EndpointType;
  readonly shardsPlacement: ShardsPlacement;
}

/** First and last slot, both included. */
export type SlotRange = readonly [first: number, last: number];

/** A line of the topology that clients are shown. */
export interface PictureNode {
  /** 40 hexadecimal digits. */
  readonly id: string;
  /** What clients are to connect to: `ip` or `hostname`, as is preferred. */
  readonly host: string;
  readonly port: number;
  /** '' where only a name is known. */
  readonly ip: string;
  readonly hostname: string | null;
  readonly role: 'primary' | 'replica';
  /** Id of a replica's primary; null for a primary, and for a replica whose primary is not known. */
  readonly primaryId: string | null;
  readonly health: 'online' | 'suspected' | 'failed';
  readonly isConnected: boolean;
  readonly configEpoch: number;
  /** In ascending order; none for a replica. */
  readonly slots: readonly SlotRange[];
}

/** A topology as one client is shown it: proxies in mode `cluster`, servers in `direct` and `auto`. */
export interface ClusterPicture {
  readonly nodes: readonly PictureNode[];
  /** The proxy that answers: one of `nodes`, or a node without slots that only CLUSTER NODES shows. */
  readonly myself: PictureNode;
  readonly currentEpoch: number;
  /** How many of the slots shown have a primary that failed, or none. */
  readonly failedSlots: number;
}
