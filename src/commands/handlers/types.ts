import type {
  ClientChange,
  ClientRef,
  ControlRequest,
  NativeBinding,
  NativePubSubFamily,
  SubscriptionFigures,
} from '../../native/types.js';
import type { CommandArguments, RespReply, RespValue } from '../../resp/index.js';
import type { CommandTable } from '../command-table.js';
import type { SlowLog } from '../slow-log.js';
import type { CommandRow } from '../types.js';
import type { ClientDesk } from './client/desk.js';
import type { Errands } from './errands.js';
import type { PresentationView } from './presentation.js';
import type { Scans } from './scan/scans.js';
import type { ScriptCache } from './script-cache.js';
import type { UnknownCommands } from './unknown-commands.js';

/** What the control plane decided about a command. */
export type ControlOutcome =
  /** `bytes`: one complete reply. `close`: close the client after it. */
  | {
      readonly kind: 'reply';
      readonly bytes: Buffer;
      readonly close?: boolean;
      readonly change?: ClientChange;
      /** Kind of the maintenance notices that the client is sent from now on; 0: none. */
      readonly noticeKind?: number;
      /** Sent in front of the client's next command, on links of its own. */
      readonly beforeNext?: CommandArguments;
      /** The private link that an errand kept watches keys of this slot from now on. */
      readonly watchSlot?: number;
    }
  /** The servers know more than the table: publish this one, then route the request again. */
  | { readonly kind: 'learned'; readonly table: CommandTable };

/** The proxy as its clients see it in INFO. */
export interface ProxyStats {
  /** 40 hex digits, new at each start. */
  readonly runId: string;
  readonly processId: number;
  /** Of the database's listener; 0 if it listens on a unix socket only. */
  readonly port: number;
  readonly uptimeSeconds: number;
  readonly workers: number;
  readonly clients: number;
  /** Connections to servers that clients' requests use. */
  readonly links: number;
}

/** Whom a handler asks, over the proxy's own connections. */
export type ExecuteTarget = 'any_primary' | 'every_primary' | { readonly nodeId: string };

/** What handlers may use. */
export interface ControlContext {
  /** The table whose rows `ControlRequest.row` counts. */
  readonly table: CommandTable;
  /** Slotgate's version. */
  readonly version: string;
  /** Of the servers, in the form of `redis_version` in INFO. */
  readonly serverVersion: string;
  readonly clients: ClientDesk;
  /** What the client that asked is shown of the database. */
  presentation(request: ControlRequest): PresentationView;
  readonly slowLog: SlowLog;
  /** Kept for the life of the database. */
  readonly unknownCommands: UnknownCommands;
  /** Kept for the life of the database. */
  readonly scans: Scans;
  /** For commands that are sent as the client that asked. */
  readonly errands: Errands;
  /** Subscriptions to each of `names`, in all workers. */
  subscriptions(family: NativePubSubFamily, names: readonly Buffer[]): SubscriptionFigures;
  /** Gives the client links of its own, or takes them away. */
  bind(client: ClientRef, binding: NativeBinding): void;
  /** As many clients have links of their own as may. */
  isFullOfTracking(): boolean;
  stats(): ProxyStats;
  /** Settings of the proxy under their names in redis.conf; they hide the servers'. */
  configValues(): Readonly<Record<string, string>>;
  /** Most bytes that a reply joined from those of several servers may have (`maxMergedReplyBytes`). */
  readonly maxMergedReplyBytes: number;
  /** Scripts that the proxy loads where they are needed. */
  readonly scripts: ScriptCache;
  /** Users may have other rights from now on: nothing that was known of them holds. */
  rightsChanged(): void;
  /**
   * @returns One reply, or one per primary in any order; a server's error reply is a value.
   * @throws ProxyError if a server that was to answer did not.
   */
  execute(target: ExecuteTarget, args: CommandArguments): Promise<readonly RespReply[]>;
}

/** @param request Its number of arguments fits the row's arity. */
export type ControlHandler = (
  request: ControlRequest,
  context: ControlContext,
) => ControlOutcome | Promise<ControlOutcome>;

/** A handler whose answer is one value. @param row Of the request. */
export type ValueHandler = (
  request: ControlRequest,
  context: ControlContext,
  row: CommandRow,
) => Promise<RespValue>;
