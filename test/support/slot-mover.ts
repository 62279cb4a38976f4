import { setTimeout as sleep } from 'node:timers/promises';
import type { TestCluster } from './cluster.js';
import { waitFor } from './wait.js';

export interface SlotMoverOptions {
  readonly slots: readonly number[];
  /** A number in [0, below). */
  readonly random: (below: number) => number;
}

/** Moves slots between the primaries of a cluster, one after the other, until it is told to stop. */
export class SlotMover {
  readonly #cluster: TestCluster;
  readonly #options: SlotMoverOptions;
  readonly #primaries: Set<number>;
  readonly #owners = new Map<number, number>();
  #isPaused = false;
  #isStopped = false;
  #isMoving = false;
  #moves = 0;
  #running: Promise<void> | undefined;

  /** @param primaries Indexes of all servers that are primaries now. */
  constructor(cluster: TestCluster, primaries: readonly number[], options: SlotMoverOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#primaries = new Set(primaries);
  }

  /** How many slots have changed their owner. */
  get moves(): number {
    return this.#moves;
  }

  async start(): Promise<void> {
    const [viewer = 0] = this.#primaries;
    for (const slot of this.#options.slots) {
      this.#owners.set(slot, await this.#cluster.ownerOf(slot, viewer));
    }
    this.#running = this.#run();
  }

  /** @throws What went wrong with any move. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /**
   * Kills a primary between two moves, when its replica has everything; the others go on.
   * @returns When the replica is a primary.
   */
  async kill(victim: number, replica: number): Promise<void> {
    this.#isPaused = true;
    await waitFor('the move to end', () => !this.#isMoving);
    await waitFor('the replica to have everything', async () => {
      const info = await this.#cluster.server(victim).text('INFO', 'replication');
      const offset = /slave0:.*offset=(\d+)/.exec(info)?.[1];
      return offset !== undefined && info.includes(`master_repl_offset:${offset}\r`);
    });
    await this.#cluster.kill(victim);
    this.#primaries.delete(victim);
    this.#isPaused = false;
    await waitFor(
      'the replica to be promoted',
      async () => {
        const role = await this.#cluster.server(replica).call('ROLE');
        return Array.isArray(role) && role[0] === 'master';
      },
      { timeoutMs: 30_000 },
    );
    for (const [slot, owner] of this.#owners) {
      if (owner === victim) this.#owners.set(slot, replica);
    }
    this.#primaries.add(replica);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const { slots, random } = this.#options;
      const slot = slots[random(slots.length)] ?? 0;
      const from = this.#owners.get(slot) ?? -1;
      const others = [...this.#primaries].filter((index) => index !== from);
      const to = others[random(others.length)];
      if (!this.#isPaused && to !== undefined && this.#primaries.has(from)) {
        this.#isMoving = true;
        await this.#move(slot, from, to).finally(() => {
          this.#isMoving = false;
        });
      }
      await sleep(random(10));
    }
  }

  /** Half of the slots are in two places for a while. */
  async #move(slot: number, from: number, to: number): Promise<void> {
    const { random } = this.#options;
    await this.#cluster.openSlot(slot, from, to);
    if (random(2) === 0) {
      await this.#cluster.moveKeys(slot, from, to, 1 + random(10));
      await sleep(random(100));
    }
    await this.#cluster.moveKeys(slot, from, to);
    await this.#cluster.closeSlot(slot, from, to);
    this.#owners.set(slot, to);
    this.#moves++;
  }
}
