import type { FrameValue } from '../../support/resp-frames.js';

export type Reply = FrameValue;
export type Argument = string | number;

/** A client library, or the tests' own client, with one connection of the kind that it makes. */
export interface Driver {
  /** It will not come back by itself. */
  readonly isClosed: boolean;
  /** Pipelined: a call does not wait for the reply to the one before it. @throws An error reply. */
  call(...args: readonly Argument[]): Promise<Reply>;
  /** MULTI, the commands, EXEC. @returns The replies; null if it was given up. */
  transaction(commands: readonly (readonly Argument[])[]): Promise<Reply>;
  /** Resolves when it is confirmed. The connection serves nothing but subscriptions from then on. */
  subscribe(channel: string, onMessage: (text: string) => void): Promise<void>;
  close(): void;
}

/** Makes connections of one kind to one target. */
export interface DriverKind {
  /** For example `raw RESP3` or `ioredis`. */
  readonly name: string;
  /** @param onOdd Told of what is no reply to any request. */
  connect(onOdd: (detail: string) => void): Promise<Driver>;
}

/** What a library made of a reply. */
export function toReply(value: unknown): Reply {
  if (Array.isArray(value)) return value.map(toReply);
  if (value === null || value instanceof Error || typeof value === 'number') return value;
  return typeof value === 'boolean' ? value : String(value);
}
