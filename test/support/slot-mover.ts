import { setTimeout as sleep } from 'node:timers/promises';
import type { TestCluster } from './cluster.js';
import { waitFor } from './wait.js';

export interface SlotMoverOptions {
  readonly slots: readonly number[];
  /** A number in [0, below). */
  readonly random: (below: number) => number;
  /**
   * No server gets a slot again within so many ms. Who was sent there with ASKING and comes late, when
   * the slot is on its way to this server once more, would create its key a second time.
   */
  readonly restMs?: number;
}

interface Move {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

/** Moves slots between the primaries of a cluster, one after the other, until it is told to stop. */
export class SlotMover {
  readonly #cluster: TestCluster;
  readonly #options: SlotMoverOptions;
  readonly #primaries: Set<number>;
  readonly #owners = new Map<number, number>();
  /** By slot and server: when the server got the slot. */
  readonly #gotAt = new Map<string, number>();
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
    const owners = await this.#cluster.ownersSeenBy(viewer);
    for (const slot of this.#options.slots) {
      this.#owners.set(slot, owners[slot] ?? -1);
    }
    this.#running = this.#run();
    // Told by `stop`; until then nobody waits for it.
    this.#running.catch(() => undefined);
  }

  /** @throws What went wrong with a move. Nothing is moved after that, and no slot is left open. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /**
   * Kills a primary between two moves, when its replica has everything; the others go on.
   * @returns When all know that the replica has taken over.
   */
  async kill(victim: number, replica: number): Promise<void> {
    this.#isPaused = true;
    await waitFor('the move to end', () => !this.#isMoving);
    await waitFor('the replica to have everything', async () => {
      const info = await this.#cluster.server(victim).text('INFO', 'replication');
      const offset = /slave0:.*offset=(\d+)/.exec(info)?.[1];
      return offset !== undefined && info.includes(`master_repl_offset:${offset}\r`);
    });
    // What it does not know to have moved away it would take back, and the keys would be lost.
    await this.#untilAgreed(replica);
    await this.#cluster.kill(victim);
    this.#primaries.delete(victim);
    this.#isPaused = false;
    // The slots of the victim rest until it is back.
    const slots = [...this.#owners].flatMap(([slot, owner]) => (owner === victim ? [slot] : []));
    for (const viewer of [replica, ...this.#primaries]) {
      await waitFor(
        'the replica to have taken over',
        async () => {
          const owners = await this.#cluster.ownersSeenBy(viewer);
          return slots.every((slot) => owners[slot] === replica);
        },
        { timeoutMs: 30_000 },
      );
    }
    for (const slot of slots) this.#owners.set(slot, replica);
    this.#primaries.add(replica);
  }

  async #untilAgreed(viewer: number): Promise<void> {
    await waitFor('a server to know every owner', async () => {
      const owners = await this.#cluster.ownersSeenBy(viewer);
      return [...this.#owners].every(([slot, owner]) => owners[slot] === owner);
    });
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const move = this.#isPaused ? undefined : this.#chooseMove();
      if (move !== undefined) {
        this.#isMoving = true;
        await this.#move(move).finally(() => {
          this.#isMoving = false;
        });
      }
      await sleep(this.#options.random(10));
    }
  }

  #chooseMove(): Move | undefined {
    const { slots, random, restMs = 0 } = this.#options;
    const slot = slots[random(slots.length)] ?? 0;
    const from = this.#owners.get(slot) ?? -1;
    if (!this.#primaries.has(from)) return undefined;
    const now = performance.now();
    const targets = [...this.#primaries].filter(
      (to) => to !== from && now - (this.#gotAt.get(`${slot} ${to}`) ?? -Infinity) >= restMs,
    );
    const to = targets[random(Math.max(1, targets.length))];
    return to === undefined ? undefined : { slot, from, to };
  }

  async #move(move: Move): Promise<void> {
    const { slot, from, to } = move;
    try {
      await this.#open(move);
      await this.#moveKeys(move);
      await this.#cluster.closeSlot(slot, from, to);
    } catch (cause) {
      await this.#cluster.keepSlot(slot, from, to);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`slot ${slot} did not move from server ${from} to ${to}: ${reason}`, {
        cause,
      });
    }
    await this.#untilEpochsAgree();
    this.#owners.set(slot, to);
    this.#gotAt.set(`${slot} ${to}`, performance.now());
    this.#moves++;
  }

  /** A server may be behind and refuse: "I'm not the owner of hash slot". */
  async #open({ slot, from, to }: Move): Promise<void> {
    await waitFor('a slot to be opened', async () => {
      await this.#cluster.openSlot(slot, from, to);
      return true;
    });
  }

  /** Half of the slots are in two places for a while. */
  async #moveKeys({ slot, from, to }: Move): Promise<void> {
    const { random } = this.#options;
    if (random(2) === 0) {
      await this.#cluster.moveKeys(slot, from, to, 1 + random(10));
      await sleep(random(100));
    }
    await this.#cluster.moveKeys(slot, from, to);
  }

  /**
   * A node that takes a slot makes its epoch the highest that it knows of. If it does not know of a
   * higher one, a late message of the giver's claims the slot back, and then nobody owns it.
   */
  async #untilEpochsAgree(): Promise<void> {
    await waitFor('the primaries to agree on their epochs', async () => {
      const views = await Promise.all(
        [...this.#primaries].map(async (viewer) => {
          const nodes = await this.#cluster.server(viewer).text('CLUSTER', 'NODES');
          return [...this.#primaries].map((index) => epochOf(nodes, this.#cluster.nodeId(index)));
        }),
      );
      return views.every((epochs) => epochs.join() === views[0]?.join());
    });
  }
}

function epochOf(nodes: string, nodeId: string): string | undefined {
  const line = nodes.split('\n').find((text) => text.startsWith(nodeId));
  return line?.split(' ')[6];
}
