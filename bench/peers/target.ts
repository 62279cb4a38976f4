import type { Address } from '../support/redis.js';

/** Something that redis-benchmark is run against, and whose CPU time is read. */
export interface Target extends Address {
  readonly name: string;
  readonly pid: number;
  /** Program, version and what stands behind it, for the report. */
  readonly about: string;
  /** Where Slotgate counts its own turns and system calls. */
  readonly metricsUrl?: string;
}
