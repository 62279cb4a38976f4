import type { PlacementSettings } from '../placement/index.js';
import { SYSTEM_CLOCK } from '../topology/index.js';
import { pause } from './drain.js';
import type { HostedDatabase } from './hosted-database.js';

const LAST_ARRIVALS_MS = 100;

/** What was changed while a process ran, by database. */
export type PlacementChanges = Readonly<Record<string, Partial<PlacementSettings>>>;

export interface HandoverParts {
  readonly databases: () => readonly HostedDatabase[];
  /** Closes clients within a time. */
  readonly drain: (timeoutMs: number) => Promise<void>;
}

/** What the commands need of it. */
export type EndpointsHandover = Pick<ProxyHandover, keyof ProxyHandover>;

/** How the endpoints of a process become those of the next one. */
export class ProxyHandover {
  readonly #parts: HandoverParts;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  /**
   * Endpoints stay as they are from now on, until `cancel` or `complete` is called.
   * @returns The descriptors of all sockets on which clients connect, or will.
   */
  async begin(): Promise<readonly number[]> {
    const frozen = this.#parts.databases().map(({ placement }) => placement.endpoints.freeze());
    return (await Promise.all(frozen)).flat();
  }

  changes(): PlacementChanges {
    const databases = this.#parts.databases();
    return Object.fromEntries(databases.map(({ name, placement }) => [name, placement.changes]));
  }

  /** Nobody goes on: all is as before. */
  async cancel(): Promise<void> {
    await Promise.all(this.#parts.databases().map(({ placement }) => placement.endpoints.thaw()));
  }

  /** Another process accepts from these sockets: this one stops to, and lets its clients go. */
  async complete(taken: ReadonlySet<number>, drainTimeoutMs: number): Promise<void> {
    // Half of the time is theirs to go by themselves: see drainClients.
    const seconds = Math.ceil(drainTimeoutMs / 2_000);
    await Promise.all(
      this.#parts.databases().map((database) => {
        database.beginDraining();
        return database.placement.handOver(taken, seconds);
      }),
    );
    // Those that were accepted last may be on their way from one worker to another, and not count yet.
    await pause(SYSTEM_CLOCK, LAST_ARRIVALS_MS);
    await this.#parts.drain(drainTimeoutMs);
  }

  /** Of this process, when it follows another one: the sockets that it accepts from. Others are let go. */
  settle(): readonly number[] {
    return this.#parts.databases().flatMap(({ placement: { endpoints } }) => {
      endpoints.releaseUnopened();
      return endpoints.openDescriptors;
    });
  }
}
