import type { CommandArguments, RespValue } from '../../resp/index.js';

/** Words of one command, or what gives them anew each time they are sent. */
export type ErrandArguments = CommandArguments | (() => CommandArguments);

/** What became of a command that was sent to one server. */
export type ErrandOutcome =
  /** The server's reply; its errors are values `{ kind: 'error', text }`. */
  | { readonly kind: 'reply'; readonly reply: RespValue }
  /** It never reached the server: it may be tried elsewhere. */
  | { readonly kind: 'not_sent'; readonly reason: string }
  /** The connection was lost after it was sent: executed or not, nobody knows. */
  | { readonly kind: 'lost'; readonly endpoint: string }
  /** It never was sent: all private links to the server are lent out. */
  | { readonly kind: 'busy'; readonly reason: string }
  /** The client has left. */
  | { readonly kind: 'gone' };

/** Says of a slot whether it is meant. */
export type SlotFilter = (slot: number) => boolean;

export interface SendOptions {
  /** Over a private link that is lent to this client until it is given back. */
  readonly lease?: boolean;
  /** With `lease`: the link stays the client's until its command is answered. */
  readonly keep?: boolean;
  /** With ASKING in front. */
  readonly asking?: boolean;
  /** It may wait at the server: it ends at once when the client leaves. */
  readonly blocks?: boolean;
  /** With `lease`: the server may be busy with a script, and this is to end it. */
  readonly toBusy?: boolean;
  /** A larger reply is not collected: an error stands for it. */
  readonly replyBytesMax?: number;
}

export interface ServersOptions extends SendOptions {
  /** Only to the primaries that own any of these slots, and to their replicas. */
  readonly slots?: SlotFilter;
}

export interface SlotOptions extends SendOptions {
  /** Asked before each repetition: a value ends the command. */
  readonly interrupted?: () => RespValue | null;
}

/**
 * Commands that a handler sends to servers as the client that asked: over links of that client's
 * user and protocol, so that the servers' ACL decides, and replies have the types that the servers
 * made. Nothing here throws for what servers do.
 */
export interface Errands {
  /** Whether the client was seen to have left. Nobody will read the answer. */
  isGone(): boolean;
  /** Node ids of the primaries of all shards, in the order of their lowest slots. */
  primaries(): readonly string[];
  /** Node ids of all servers, replicas included. */
  nodes(): readonly string[];
  /** Node id of the primary that serves the slot; null if nobody does. */
  ownerOf(slot: number): string | null;
  /** One command to each of these servers. Waits for links up to the hold time-out. */
  send(
    nodeIds: readonly string[],
    args: ErrandArguments,
    options?: SendOptions,
  ): Promise<readonly ErrandOutcome[]>;
  /**
   * To the owner of a slot: follows redirects and waits as a held request does. A lost connection is
   * an error value `OUTCOMEUNKNOWN …`.
   */
  sendToSlot(slot: number, args: ErrandArguments, options?: SlotOptions): Promise<RespValue>;
  /**
   * To the primary of every shard, each retried until the hold time-out. One value per shard, errors
   * included; a write whose connection was lost is an error value `OUTCOMEUNKNOWN …`.
   */
  sendToShards(args: ErrandArguments, options?: ServersOptions): Promise<readonly RespValue[]>;
  /** The same to all servers, replicas included. */
  sendToNodes(args: ErrandArguments, options?: ServersOptions): Promise<readonly RespValue[]>;
}
