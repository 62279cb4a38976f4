import type {
  NativeBarrier,
  NativeKeySpec,
  NativeLocalAnswer,
  NativePubSubAction,
  NativePubSubFamily,
  NativeSplit,
} from '../native/types.js';

/** Where the keys of a command are, with what is known about their use (`RO`, `not_key` …). */
export interface KeySpec extends NativeKeySpec {
  /** Source: Redis documentation, "Command key specifications", "Flags". */
  readonly flags: readonly KeyFlag[];
}

export type KeyFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'insert'
  | 'update'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** Flags of `COMMAND` that mean something to a proxy. */
export type ServerFlag =
  | 'write'
  | 'readonly'
  | 'admin'
  | 'pubsub'
  | 'blocking'
  | 'no_auth'
  | 'no_multi'
  | 'no_mandatory_keys';

/** What servers say about a command; the committed data, never changed by hand. */
export interface CommandFacts {
  /** As in `COMMAND DOCS`: `string`, `sorted-set`, `server` … */
  readonly group: string;
  /** Negative means "at least"; the command name counts, of a subcommand both words. */
  readonly arity: number;
  readonly flags: readonly ServerFlag[];
  readonly keySpecs: readonly KeySpec[];
  /** Lower case, for example `request_policy:all_shards`. */
  readonly tips: readonly string[];
}

/** To whom a command goes. Source: Redis command tips; `default`: the shard of its keys, or any. */
export type RequestPolicy = 'default' | 'all_nodes' | 'all_shards' | 'multi_shard' | 'special';

/** How several replies become one. Source: Redis command tips. */
export type ResponsePolicy =
  | 'default'
  | 'one_succeeded'
  | 'all_succeeded'
  | 'agg_logical_and'
  | 'agg_logical_or'
  | 'agg_min'
  | 'agg_max'
  | 'agg_sum'
  | 'special';

export type TimeoutUnit = 'seconds' | 'milliseconds';

/** When a command waits at the server, and where its time-out stands. */
export type Blocking =
  | { readonly kind: 'never' }
  /** `position` counts from the command name (0), or, if negative, from the end (-1: the last). */
  | { readonly kind: 'always'; readonly position: number; readonly unit: TimeoutUnit }
  /** Only if `token` (upper case) stands before `beforeToken`; the time-out follows it. */
  | {
      readonly kind: 'token';
      readonly token: string;
      readonly beforeToken: string;
      readonly unit: TimeoutUnit;
    };

/**
 * In which forms a write may be sent again after its connection was lost: see `rules/retries.ts`.
 */
export type Retry =
  | { readonly kind: 'never' }
  | { readonly kind: 'always' }
  /** Only if what stands at position `from` and behind it are `options` (upper case), each with a value. */
  | { readonly kind: 'options'; readonly from: number; readonly options: readonly string[] };

/** How far the reply must equal that of one stand-alone server. */
export type Compare =
  | { readonly kind: 'exact' }
  /** The same elements in any order. */
  | { readonly kind: 'unordered' }
  /** The same types, other values: random or time-dependent. */
  | { readonly kind: 'shape' }
  | { readonly kind: 'none'; readonly reason: string };

/** How a request over several slots is divided; `step` is the number of arguments per key. */
export interface SplitRule {
  readonly kind: NativeSplit;
  readonly step: 1 | 2;
}

/** Why a command is refused; each has its words in `rules/refusals.ts`. */
export type RefusalKind = 'unsupported' | 'forbidden' | 'keys_unknown';

/** Who answers a command. */
export type Route =
  /** The shard of its keys' slot; without keys as `keyless`. */
  | { readonly kind: 'keys' }
  /** One fixed primary per client. */
  | { readonly kind: 'keyless' }
  /** The worker that serves the client. */
  | {
      readonly kind: 'local';
      readonly answer: NativeLocalAnswer;
      /** Of `ready_reply` and `if_cluster`, in wire form. */
      readonly reply?: string;
    }
  /** A handler of the control plane. */
  | { readonly kind: 'control' }
  /** The servers that `requestPolicy` names; their replies become one by `responsePolicy`. */
  | { readonly kind: 'fan_out' }
  /** The worker, which subscribes once at the servers for all of its clients. */
  | {
      readonly kind: 'pubsub';
      readonly action: Exclude<NativePubSubAction, 'none'>;
      readonly family: NativePubSubFamily;
    }
  | { readonly kind: 'refuse'; readonly refusal: RefusalKind };

/** A row of the command table: the servers' facts, and how the proxy treats the command. */
export interface CommandRow extends CommandFacts {
  /** Lower case; a subcommand is `container|subcommand`. */
  readonly name: string;
  /** `core`: a row of the committed data; `server`: learned from a server's `COMMAND`. */
  readonly source: 'core' | 'server';
  /** It has subcommands. */
  readonly container: boolean;
  /** Changes nothing at the server, so it may be sent again after a lost link. */
  readonly repeatable: boolean;
  /** It writes, but once more changes nothing: for the setting `retryWrites`. */
  readonly retry: Retry;
  /** Changes the connection, so it never goes over a link that clients share. */
  readonly connectionState: boolean;
  /** Its error replies may be written by the client's script. */
  readonly script: boolean;
  readonly requestPolicy: RequestPolicy;
  readonly responsePolicy: ResponsePolicy;
  /** No server sees it run as its client: a server is asked first whether the client may. */
  readonly answersItself: boolean;
  /** Why it is refused, if there is more to say than `RefusalKind` does; else ''. */
  readonly refusalReason: string;
  /** It is refused unless the setting `allowCommands` names it. */
  readonly liftable: boolean;
  /** Users may have other rights after it. */
  readonly changesRights: boolean;
  /**
   * It is for a server that runs a script for too long: it goes over a private link, as the server
   * reads nothing more from the one over which the script came.
   */
  readonly endsScripts: boolean;
  readonly barrier: NativeBarrier;
  readonly blocking: Blocking;
  readonly split: SplitRule;
  readonly compare: Compare;
  readonly route: Route;
}
