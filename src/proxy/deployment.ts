import type {
  NodeSpec,
  PlacementSettings,
  SlotRange,
  SteppingAside,
  Unbalanced,
} from '../placement/index.js';
import type { CircuitState } from './server-circuits.js';

/** A node, in the order of the configuration. */
export interface NodeStatus {
  /** From 1 on. */
  readonly uid: number;
  readonly spec: NodeSpec;
  /** This process plays it. */
  readonly isHosted: boolean;
  readonly isUp: boolean;
  /** Why it counts as down; '' while it is up. */
  readonly downReason: string;
}

/** A database, in the order of the configuration. */
export interface DatabaseStatus {
  /** From 1 on. */
  readonly uid: number;
  readonly name: string;
  /** Of its endpoints; 0 if it listens on unix sockets only. */
  readonly port: number;
  /** `pending` until its topology is known. */
  readonly state: 'pending' | 'active' | 'draining' | 'stopped';
  readonly placement: PlacementSettings;
  /** Shards that own slots. */
  readonly primaries: number;
  readonly replicas: number;
  /** null until a first topology is known. */
  readonly topologyVersion: number | null;
  /** Clients that are connected to this process. */
  readonly clients: number;
  /**
   * Whether servers are shown to clients of this machine and to others, in modes `direct` and `auto`;
   * null in the other modes.
   */
  readonly steppingAside: { readonly local: SteppingAside; readonly remote: SteppingAside } | null;
}

/**
 * The life of an endpoint of a hosted node. grace: no longer chosen, still open for those who have not
 * heard of it; draining: its clients are closed between two requests.
 */
export type EndpointState = 'closed' | 'listening' | 'grace' | 'draining';

/** The port of a database on one node. */
export interface EndpointStatus {
  readonly database: number;
  readonly node: number;
  /** `host:port` or the paths of unix sockets. */
  readonly addresses: readonly string[];
  /** The policy wants it open. */
  readonly isChosen: boolean;
  /** `elsewhere`: another process plays the node, and only its policy is known here. */
  readonly state: EndpointState | 'elsewhere';
  /** Clients that came in through it. */
  readonly clients: number;
  /** Why it cannot be opened; '' if nothing is wrong. */
  readonly problem: string;
}

/** A server of a database that owns slots, or a replica of one. */
export interface ShardStatus {
  /** From 1 on, in all databases; another one after a change of the topology. */
  readonly uid: number;
  readonly database: number;
  /** The server's id in its cluster, 40 hexadecimal digits. */
  readonly nodeId: string;
  /** `host:port` where this process connects to it. */
  readonly address: string;
  /** uid of the node at whose address it runs; null: at none that is configured. */
  readonly node: number | null;
  readonly role: 'primary' | 'replica';
  /** Of its shard, also for a replica. */
  readonly slots: readonly SlotRange[];
  readonly health: 'online' | 'suspected' | 'failed';
  /** Of this process's connections to it. */
  readonly circuit: CircuitState;
}

/** A node whose endpoint does not fit where the shards are. */
export interface UnbalancedEndpoint extends Unbalanced {
  /** uid of the database. */
  readonly database: number;
}

/** Why a change is refused; `code` is one of the REST reference. */
export interface ChangeProblem {
  readonly code: string;
  readonly message: string;
}

export type ChangeOutcome =
  | { readonly kind: 'applied'; readonly placement: PlacementSettings }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly problems: readonly ChangeProblem[] }
  | { readonly kind: 'unknown-database' };

/** What a process serves, for those who look at it and change it while it runs. */
export interface Deployment {
  nodes(): readonly NodeStatus[];
  databases(): Promise<readonly DatabaseStatus[]>;
  /** Of every database on every node. */
  endpoints(): Promise<readonly EndpointStatus[]>;
  shards(): readonly ShardStatus[];
  /** Where endpoints and shards do not fit each other. */
  unbalanced(): readonly UnbalancedEndpoint[];
  /**
   * Changes how a database is placed and shown, at once and without closing a connection. Lasts until
   * the process ends. A new `policy` without `include` or `exclude` empties both lists.
   */
  change(databaseName: string, change: Partial<PlacementSettings>): ChangeOutcome;
}
