import type { Relay } from '../../support/relay.js';
import type { RealServer } from '../../support/server.js';
import type { Tag } from '../load/actor.js';
import type { Fault } from '../plan/faults.js';

/** What a fault did. Times are those of `now`. */
export interface Injected {
  readonly mayLoseTail: boolean;
  /** When a write straight at the server that serves the slots now succeeded. */
  readonly directAt?: number;
  /** Slots that changed their owner. */
  readonly moves?: number;
  /** Why it could not be done as it was meant: the run shows nothing about the target then. */
  readonly trouble?: string;
}

export interface InjectionContext {
  /** Ms since the run began. */
  now(): number;
  /** Called in the turn in which a direct write succeeded. */
  onDirectWrite(at: number): void;
}

/** Real servers behind relays, and what can be done to them. */
export interface Stage {
  readonly servers: readonly RealServer[];
  /** By server. The target knows the servers by these addresses only. */
  readonly relays: readonly Relay[];
  readonly shards: number;
  readonly tags: readonly Tag[];
  /** Why servers of this kind cannot have the fault, or undefined. */
  whyNot(fault: Fault): string | undefined;
  /** The observed slots that the shard serves. */
  slotsOf(shard: number): Promise<readonly number[]>;
  /** Returns when the fault is over, or as far over as it can be without waiting. */
  inject(fault: Fault, context: InjectionContext): Promise<Injected>;
  /** Waits until all servers are well and agree. */
  settle(): Promise<void>;
  /** Straight from the server that has it. */
  readList(key: string, slot: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function stopAll(
  relays: readonly Relay[],
  servers: readonly RealServer[],
): Promise<void> {
  await Promise.all([...relays, ...servers].map((one) => one.stop()));
}
