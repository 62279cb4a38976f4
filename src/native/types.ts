/**
 * What the control plane and the data plane say to each other. The C++ side of each type is named in
 * its docstring; `addon/` converts and checks them field by field.
 */

/** A key specification, as `COMMAND` shows it. C++: `KeySpec`. Positions count from the command name (0). */
export interface NativeKeySpec {
  readonly begin:
    | { readonly kind: 'index'; readonly index: number }
    /** `keyword` in upper case; a negative `startFrom` counts from the end and searches backwards. */
    | { readonly kind: 'keyword'; readonly keyword: string; readonly startFrom: number }
    | { readonly kind: 'unknown' };
  readonly find:
    | {
        readonly kind: 'range';
        readonly lastKey: number;
        readonly step: number;
        readonly limit: number;
      }
    | {
        readonly kind: 'keynum';
        readonly keynumIndex: number;
        readonly firstKey: number;
        readonly step: number;
      }
    | { readonly kind: 'unknown' };
}

/** Facts about a command. C++: `CommandFlag`, where each is explained. */
export type NativeCommandFlag =
  | 'write'
  | 'readonly'
  | 'connection_state'
  | 'container'
  | 'script'
  | 'blocking'
  | 'blocks_with_token'
  | 'before_auth'
  | 'not_key'
  | 'repeatable'
  | 'keys_unknown'
  | 'queueable'
  | 'never_queued'
  | 'while_subscribed'
  | 'may_replicate'
  | 'keyspace'
  | 'unmonitored'
  | 'secret'
  | 'runs_body'
  | 'runs_digest'
  | 'at_replica'
  | 'renamed';

/** Who answers a command. C++: `RouteBy`. */
export type NativeRoute = 'keys' | 'keyless' | 'local' | 'control' | 'refuse' | 'pubsub';

/** What a command does in pub/sub. C++: `PubSubAction`. */
export type NativePubSubAction = 'none' | 'subscribe' | 'unsubscribe' | 'publish';

/** What names a pub/sub command takes. C++: `PubSubFamily`. */
export type NativePubSubFamily = 'channel' | 'pattern' | 'shard';

/** How a worker answers by itself. C++: `LocalAnswer`. */
export type NativeLocalAnswer =
  | 'none'
  | 'ready_reply'
  | 'ping'
  | 'echo_argument'
  | 'quit'
  | 'select_database'
  | 'set_name'
  | 'get_name'
  | 'set_library'
  | 'client_id'
  | 'multi'
  | 'exec'
  | 'discard'
  | 'unwatch'
  | 'hello'
  | 'reply_mode'
  | 'if_cluster';

/** How a request over several slots is divided and joined. C++: `Split`. */
export type NativeSplit = 'none' | 'array_in_order' | 'sum' | 'all_ok';

/** What must have ended before the client's next request is parsed. C++: `Barrier`. */
export type NativeBarrier = 'none' | 'stop' | 'drain';

/** A row of the command table as the data plane needs it. C++: `CommandRow`. */
export interface NativeCommandRow {
  /** Lower case; a subcommand is `container|subcommand`. */
  readonly name: string;
  /** As the server's (subcommand: both words count); 0 means any. */
  readonly arity: number;
  readonly flags: readonly NativeCommandFlag[];
  readonly route: NativeRoute;
  readonly local: NativeLocalAnswer;
  readonly split: NativeSplit;
  /** Arguments per key of a split command: 1, or 2 when a value follows each key. */
  readonly splitStep: number;
  readonly barrier: NativeBarrier;
  /** Not 'none' exactly if `route` is 'pubsub'. */
  readonly pubsub: NativePubSubAction;
  readonly family: NativePubSubFamily;
  readonly keySpecs: readonly NativeKeySpec[];
  /** Wire bytes, for `local: 'ready_reply'` and `'if_cluster'`, and `route: 'refuse'`; the version for `local: 'hello'`; else empty. */
  readonly readyReply: string;
  /** Upper case; for the flag `blocks_with_token`; else empty. */
  readonly blockToken: string;
  /** With `renamed`: how clients call it, in the form of `name`; '': they cannot. */
  readonly called: string;
  /**
   * For the flag `repeatable`: from this position on only `retryOptions`, each with a value; 0: anything.
   */
  readonly retryOptionsFrom: number;
  /** Upper case. */
  readonly retryOptions: readonly string[];
}

/** Names one client connection for an order; a stale one is ignored by the data plane. */
export interface ClientRef {
  /** Sequence × 256 + worker; below 2^53; what `CLIENT ID` answers. */
  readonly id: number;
  /** Slot in the worker's table of clients; checked against `id`. */
  readonly index: number;
}

/** A command that the data plane hands up, its place in the client's reply order kept. */
export interface ControlRequest {
  readonly client: ClientRef;
  readonly database: number;
  /** Index of the row in the list last published, or -1: the table has no such command. */
  readonly row: number;
  readonly protocol: 2 | 3;
  /** Index into `DatabaseSettings.users`: whom the client is at the servers. */
  readonly user: number;
  /** The client has not logged in, and has to. */
  readonly mustLogIn: boolean;
  /** Between MULTI and EXEC. */
  readonly inTransaction: boolean;
  /** `NativeBinding.state` of the client; '' without one. */
  readonly connectionState: string;
  /** `NativeBinding.target` has gone. */
  readonly isTargetGone: boolean;
  /** Slot of the keys that the client watches; -1: it watches none. */
  readonly watchSlot: number;
  /** Slot of the command's keys; `NO_KEYS` or `MANY_SLOTS`. */
  readonly slot: number;
  /** Node ids of the servers that the client has written to since it connected; some may be too many. */
  readonly written: readonly string[];
  /**
   * … over links of its own that it has still, since the answer that changed `counts_writes_anew`. What
   * was written over these, their servers can be asked about.
   */
  readonly ownWritten: readonly string[];
  /** … and over other links, since then. */
  readonly wroteElsewhere: boolean;
  /** Command name first. Copies: they may be kept. */
  readonly args: readonly Buffer[];
  /** What `CLIENT SETNAME` set; empty if nothing did. */
  readonly clientName: string;
  /** `host:port` or the unix socket's path. */
  readonly clientAddress: string;
  /** Index of what the client is shown, in the list of `setPresentations`. */
  readonly presentation: number;
  /** `host:port` that the client connected to, `[host]:port` for IPv6; '' for a unix socket. */
  readonly localAddress: string;
}

/** A client as a worker describes it; memory in bytes. C++: `ClientRecord`. */
export interface ClientRecord extends ClientRef {
  readonly fd: number;
  /** `host:port`, `[host]:port`, or `path:0` of a unix socket. */
  readonly address: string;
  readonly localAddress: string;
  readonly name: string;
  readonly library: string;
  readonly libraryVersion: string;
  readonly ageMs: number;
  /** Since something was last received from it. */
  readonly idleMs: number;
  /** Index into `DatabaseSettings.users`. */
  readonly user: number;
  /** Index of what it is shown, in the list of `setPresentations`. */
  readonly presentation: number;
  readonly protocol: 2 | 3;
  /** Its last command, as an index into the rows published; -1: none that the table has. */
  readonly row: number;
  readonly inputBytes: number;
  readonly inputRoom: number;
  readonly outputBytes: number;
  readonly memory: number;
  readonly unixSocket: boolean;
  readonly reading: boolean;
  readonly writing: boolean;
  /** It is closed when its last reply is sent. */
  readonly closing: boolean;
  readonly noEvict: boolean;
  /** Channels, patterns and shard channels that it is subscribed to. */
  readonly channels: number;
  readonly patterns: number;
  readonly shardChannels: number;
  readonly monitoring: boolean;
  /** It waits for the end of a pause, or in a blocking command. */
  readonly blocked: boolean;
  /** Keys that it watches may have changed. */
  readonly watchBroken: boolean;
  /** Commands between MULTI and EXEC so far; -1: outside of a transaction. */
  readonly queued: number;
  readonly queuedBytes: number;
}

/** A worker's part of the answer to a query or an order that is waited for. C++: `QueryReport`. */
export interface QueryReport {
  readonly query: number;
  /** The worker's last report to it. */
  readonly isDone: boolean;
  /** Clients to which an order was applied. */
  readonly count: number;
  readonly clients: readonly ClientRecord[];
}

/** In `ControlRequest.slot`: the command has no keys, or they could not be found. */
export const NO_KEYS = -1;
/** In `ControlRequest.slot`: the keys hash to more than one slot. */
export const MANY_SLOTS = -2;

/** "Send this to these servers as that client", which waits for the answer to a control command. C++: `ErrandOrder`. */
export interface NativeErrand {
  /** One request in wire form. */
  readonly frame: Buffer;
  /** Node ids; one outcome for each, in this order. */
  readonly nodes: readonly string[];
  /** Over private links of the client, which are given back afterwards. */
  readonly lease: boolean;
  /** … or stay the client's until its control command is answered, and after it if that says so. */
  readonly keep: boolean;
  /** Behind ASKING. */
  readonly asking: boolean;
  /** It may wait at the server: it ends at once when the client leaves. */
  readonly blocks: boolean;
  /** It may change data: it goes over the client's own links, if it has such. */
  readonly writes: boolean;
  /** With `lease`: the server may be busy with a script, and this is to end it. */
  readonly toBusy: boolean;
  /** Larger replies are not collected; 0: any size. */
  readonly replyBytesMax: number;
}

/** What a client wants of its connection at the servers, for which it gets links of its own. C++: `BoundLinks`, where each field is explained. */
export interface NativeBinding {
  /** Empty: the client shares links again. */
  readonly setup: readonly (readonly Buffer[])[];
  readonly teardown: readonly (readonly Buffer[])[];
  readonly targetWord: number;
  readonly target: ClientRef;
  readonly tracks: boolean;
  readonly everywhere: boolean;
  readonly byChoice: boolean;
  readonly state: string;
}

/** C++: `ErrandOutcome`, where each kind is explained. */
export interface NativeOutcome {
  readonly kind: 'reply' | 'not_sent' | 'busy' | 'lost' | 'too_large' | 'gone';
  /** `reply`: in wire form. `lost`: the server's label. Else the reason, as text. */
  readonly bytes: Buffer;
}

/** The end of an errand. */
export interface NativeErrandResult {
  readonly ticket: number;
  readonly outcomes: readonly NativeOutcome[];
}

/** A request that took long. C++: `SlowRequest`. */
export interface SlowRequest {
  readonly database: number;
  /** From its arrival to the server's reply. */
  readonly durationMs: number;
  /** Command name first; as many, and as much of each, as servers keep in their slow logs. */
  readonly args: readonly Buffer[];
  readonly clientAddress: string;
  readonly clientName: string;
}

/** What the data plane tells of its own accord. C++: `PlaneEvent`. */
export interface DataPlaneEvent {
  /**
   * redirect: a server sent MOVED or ASK; `text` is the endpoint, `known` whether the topology has it.
   * refused: CLUSTERDOWN, LOADING …; `text` is the server's reply.
   * link_up, link_down: a connection to `server`; `text` is why it was lost.
   * link_silent: `server` has owed answers for a second and said nothing.
   * wrong_node: another node (id in `text`) answers at the address of `server`.
   * handshake_refused: `text` is the server's reply.
   * holding: requests wait for `slot`; `count` is their number in that worker.
   * crossslot_answered, database_refused: told once per command (`text`) and client library (`server`).
   * script_missing: a server does not have a script that we know; `text` is `<node id> <SHA-1>`. It waits
   * for `scriptChecked`.
   * replica_refused: a read that `server` was asked for as a replica was asked for again at the primary;
   * `text` is the server's reply. Told once in a while.
   * slot_open: the primary of `slot` says that keys of it have moved. Told only while replicas are read.
   * header_refused: a connection from a sender of the PROXY protocol (its address is `server`) was closed;
   * `text` is what is wrong with its header. Told at most once a second.
   * circuit: `text` is the state of the circuit to `server` in worker number `count`; see `CircuitState`.
   * out_of_files: connections cannot be accepted; `text` is the system's reason.
   */
  readonly kind:
    | 'redirect'
    | 'refused'
    | 'link_up'
    | 'link_down'
    | 'link_silent'
    | 'circuit'
    | 'wrong_node'
    | 'handshake_refused'
    | 'holding'
    | 'out_of_files'
    | 'header_refused'
    | 'crossslot_answered'
    | 'database_refused'
    | 'script_missing'
    | 'replica_refused'
    | 'slot_open';
  readonly database: number;
  readonly slot: number;
  /** Label of the server the event is about; '' if none. */
  readonly server: string;
  readonly text: string;
  readonly known: boolean;
  readonly count: number;
  /** Of the link that the event is about, as an index into `DatabaseSettings.users`. */
  readonly user: number;
}

/** What an answer may change about its client beside user, protocol and name. C++: `ClientChange`. */
export type ClientChange =
  | 'reset'
  | 'no_evict_on'
  | 'no_evict_off'
  | 'monitor'
  | 'counts_writes_anew';

/** The answer to a control command, and what it changes about the client. C++: `ControlAnswer`. */
export interface ControlAnswer {
  /** One complete reply in wire form. */
  readonly reply: Buffer;
  readonly closeAfter: boolean;
  /** 0: as it was. */
  readonly protocol: 0 | 2 | 3;
  /** Index into `DatabaseSettings.users` that the client is from now on; -1: as it was. */
  readonly user: number;
  /** Sent in front of the client's next command, on its own links; a request in wire form. */
  readonly beforeNext?: Buffer | undefined;
  /** The private link that its errand kept watches keys of this slot from now on. */
  readonly watchSlot?: number | undefined;
  /** The connection's new name; undefined: as it was. */
  readonly name?: string | undefined;
  readonly change?: ClientChange | undefined;
  /** Of the maintenance notices that it is sent from now on; 0: none; undefined: as it was. A reset ends it. */
  readonly noticeKind?: number | undefined;
}

/** Whom requests run as at the servers. C++: `UpstreamUser`. */
export interface UpstreamUser {
  readonly name: string;
  readonly password: string;
  readonly authenticates: boolean;
}

/** Budgets of a database. C++: `PlaneLimits`; each is explained in the configuration. */
export interface PlaneLimits {
  readonly argumentsMax: number;
  readonly bulkBytesMax: number;
  readonly frameBytesMax: number;
  readonly clientsMax: number;
  readonly memoryBytesMax: number;
  readonly inFlightPerClientMax: number;
  readonly clientOutputBytesMax: number;
  readonly subscriberOutputBytesMax: number;
  readonly linkUnansweredBytesMax: number;
  readonly holdBytesPerShardMax: number;
  readonly holdBytesMax: number;
  readonly holdTimeoutMs: number;
  readonly redirectsMax: number;
  /** Of one worker. */
  readonly linksPerServerMax: number;
  /** Of one worker: links lent to single clients. */
  readonly privateLinksPerServerMax: number;
  /** Requests that take so long are told to `DataPlaneListener.onSlow`; 0xffffffff: none are. */
  readonly slowAfterMs: number;
  readonly connectTimeoutMs: number;
  readonly keepaliveSeconds: number;
  /** This and the next two: 0 is none. */
  readonly clientIdleTimeoutMs: number;
  readonly partialRequestTimeoutMs: number;
  readonly loginTimeoutMs: number;
  readonly proxyHeaderTimeoutMs: number;
  /** This and the next four: 0 is any number. */
  readonly clientCommandsPerSecond: number;
  readonly clientBytesPerSecond: number;
  readonly addressCommandsPerSecond: number;
  readonly addressBytesPerSecond: number;
  readonly addressConnectionsPerSecond: number;
  /** Of all workers together. */
  readonly scriptCacheBytesMax: number;
}

/** C++: `DatabaseSettings`. */
export interface DatabaseSettings {
  /** The first is the servers' default user without a password. Only ever appended to. */
  readonly users: readonly UpstreamUser[];
  /** Index of the user that clients begin as. */
  readonly clientUser: number;
  readonly clientMustAuthenticate: boolean;
  /** For the names of links at the servers. */
  readonly nodeName: string;
  /** How long after the reply to a write of a client its reads of that slot go to the primary; below 2^32. */
  readonly readYourWritesMs: number;
  /** After a lost link, writes that the table marks `repeatable` are sent again. */
  readonly retryWrites: boolean;
  readonly limits: PlaneLimits;
}

/** Figures of one worker, by the names in `native/plane/counters.h`. */
export type WorkerFigures = Readonly<Record<string, number>>;

/** A server as the data plane connects to it. C++: `ServerEntry`. */
export interface RouteServer {
  /** 40 hex digits; the handshake checks it; '' skips the check. */
  readonly nodeId: string;
  /** Numeric address, or '' with `path`. Names were resolved above. */
  readonly host: string;
  readonly port: number;
  /** Unix socket path, or ''. */
  readonly path: string;
  /** `host:port` as users know it; for error texts and logs. */
  readonly label: string;
  /** Every `host:port` by which a redirect may name it. */
  readonly redirectNames: readonly string[];
}

/** Who owns what. Immutable; adopted by each worker between two turns. C++: `RouteSnapshot`. */
export interface RouteSnapshot {
  /** Grows by one on each publication. */
  readonly version: number;
  /** `process.hrtime()` in milliseconds at which the refresh behind it began: younger redirects stay. */
  readonly refreshStartedAtMs: number;
  readonly servers: readonly RouteServer[];
  /** Length 16384: index into `servers` of the slot's primary, or 0xffff: nobody serves it now. */
  readonly slotToServer: Uint16Array;
  /** Indexes into `servers` of those that reads may be sent to; no set is empty. */
  readonly readerSets: readonly (readonly number[])[];
  /** Length 16384: index into `readerSets`, or 0xffff: the primary; length 0: all go to primaries. */
  readonly slotToReaders: Uint16Array;
}

/** How many subscriptions there are to a name. C++: `PubSubCensus::Count`. */
export interface SubscriptionCount {
  /** Of clients of this proxy. */
  readonly clients: number;
  /** Of the proxy's own connections, at all servers; servers count these instead of the clients. */
  readonly links: number;
}

/** Subscriptions of a database in all workers. C++: `PubSubCensus`. */
export interface SubscriptionFigures {
  /** For each name that was asked for. */
  readonly counts: readonly SubscriptionCount[];
  /** Names to which connections are subscribed, but no client any more. */
  readonly unused: readonly { readonly name: Buffer; readonly links: number }[];
  /** Different patterns: of clients, and those of connections summed over the servers. */
  readonly patterns: SubscriptionCount;
}

/** What traffic uses in all workers, and what was done about it since they were started. */
export interface MemoryUse {
  readonly bytes: number;
  /** Clients that are not read now. */
  readonly stoppedNow: number;
  readonly stops: number;
  readonly closed: number;
  readonly refused: number;
}
