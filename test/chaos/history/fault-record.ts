import type { Fault } from '../plan/faults.js';

/** What was done, and when. Times are ms of the run. */
export interface FaultRecord {
  readonly fault: Fault;
  readonly startedAt: number;
  /** When all servers were well again and agreed. */
  readonly settledAt: number;
  /** The observed slots of the shard that it hit. */
  readonly slots: readonly number[];
  /** A replica took the place of a primary that was dead or hung: what it did not have yet is lost. */
  readonly mayLoseTail: boolean;
  /** When a write straight at the server that serves the slots now succeeded. */
  readonly directAt?: number;
  /** When the first write through the target succeeded after that, by slot. */
  readonly recoveredAt?: ReadonlyMap<number, number>;
  /** Slots that changed their owner. */
  readonly moves?: number;
  /** Why it could not be done as it was meant. */
  readonly trouble?: string;
  /** For how long nothing through the target succeeded, in ms; the longest of its slots. */
  readonly blackout: { readonly read: number; readonly write: number };
}

/** A fault that the servers behind a target cannot have. */
export interface SkippedFault {
  readonly fault: Fault;
  readonly reason: string;
}
