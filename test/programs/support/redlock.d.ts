/** What the tests use of redlock 5, whose package does not export the types that it has. */
declare module 'redlock' {
  import type { Redis } from 'ioredis';

  export interface Lock {
    /** In ms since 1970. */
    readonly expiration: number;
    extend(ms: number): Promise<Lock>;
    release(): Promise<unknown>;
  }

  export class ExecutionError extends Error {}

  // biome-ignore lint/style/noDefaultExport: it is what the package exports
  export default class Redlock {
    constructor(clients: readonly Redis[], settings?: { retryCount?: number; retryDelay?: number });
    acquire(resources: readonly string[], ms: number): Promise<Lock>;
    using<T>(resources: readonly string[], ms: number, work: () => Promise<T>): Promise<T>;
  }
}
