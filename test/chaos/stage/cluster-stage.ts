import { setTimeout as sleep } from 'node:timers/promises';
import { TestCluster } from '../../support/cluster.js';
import type { Random } from '../../support/random.js';
import { Relay } from '../../support/relay.js';
import type { RealServer } from '../../support/server.js';
import { SlotMover } from '../../support/slot-mover.js';
import { waitFor } from '../../support/wait.js';
import type { Tag } from '../load/actor.js';
import type { Fault, LinkFault } from '../plan/faults.js';
import { firstDirectWrite } from './direct-probe.js';
import { delayOf, disturbLinks } from './link-faults.js';
import { type Injected, type InjectionContext, type Stage, stopAll } from './stage.js';

export interface ClusterStageOptions {
  readonly nodeTimeoutMs: number;
  /** With `yes`, no slot is served while one of them is not. */
  readonly fullCoverage: boolean;
  readonly random: Random;
}

const SHARDS = 3;
const TAGS_PER_SHARD = 4;
const SETTLE_TIMEOUT_MS = 60_000;
const LOG_SHOWN_BYTES = 1_500;
/** Elections are repeated when votes are split, after four node time-outs. */
const ELECTION_NODE_TIMEOUTS = 12;

const REPLICATION_TIMEOUT_MS = 15_000;
/** For requests that were sent before a slot moved, when nothing delays them. */
const LATE_REQUEST_MS = 1_000;

const NO_LOSS: Injected = { mayLoseTail: false };

/** Three primaries and three replicas. Servers k and k + 3 are shard k, whoever is its primary. */
export class ClusterStage implements Stage {
  readonly shards = SHARDS;
  readonly cluster: TestCluster;
  readonly relays: readonly Relay[];
  readonly tags: readonly Tag[];
  readonly #movable: readonly Tag[];
  readonly #options: ClusterStageOptions;

  private constructor(
    cluster: TestCluster,
    relays: readonly Relay[],
    { resting, movable }: ChosenTags,
    options: ClusterStageOptions,
  ) {
    this.cluster = cluster;
    this.relays = relays;
    this.tags = [...resting, ...movable];
    this.#movable = movable;
    this.#options = options;
  }

  static async start(options: ClusterStageOptions): Promise<ClusterStage> {
    const cluster = await TestCluster.start({
      primaries: SHARDS,
      replicasPerPrimary: 1,
      nodeTimeoutMs: options.nodeTimeoutMs,
      extraConfig: {
        'cluster-require-full-coverage': options.fullCoverage ? 'yes' : 'no',
        // What a killed process acknowledged is in its file: it is written before the reply is.
        appendonly: 'yes',
        appendfsync: 'no',
      },
    });
    const relays = await Promise.all(cluster.servers.map((server) => Relay.start(server)));
    return new ClusterStage(cluster, relays, await chooseTags(cluster), options);
  }

  get servers(): readonly RealServer[] {
    return this.cluster.servers;
  }

  whyNot(): undefined {
    return undefined;
  }

  async slotsOf(shard: number): Promise<readonly number[]> {
    const primary = await this.#primaryOf(shard);
    const owners = await this.cluster.ownersSeenBy(primary);
    return this.tags.map(({ slot }) => slot).filter((slot) => owners[slot] === primary);
  }

  async inject(fault: Fault, context: InjectionContext): Promise<Injected> {
    switch (fault.kind) {
      case 'kill-primary':
        return this.#killPrimary(fault.shard, fault.restartAfterMs, context);
      case 'restart-primary':
        return this.#restartPrimary(fault.shard, context);
      case 'hang-primary':
        return this.#hangPrimary(fault.shard, fault.continueAfterMs, context);
      case 'stop-primary':
        return this.#stopPrimary(fault.shard, fault.forMs);
      case 'kill-replica':
        return this.#killReplica(fault.shard, fault.restartAfterMs);
      case 'fail-over':
        return this.#failOver(fault.shard);
      case 'move-slots':
        return this.#moveSlots(fault.forMs, fault.meanwhile);
      case 'cut-links':
      case 'refuse-links':
      case 'freeze-links':
      case 'delay-links':
        await disturbLinks(fault, this.#relaysOf(fault.shard));
        return NO_LOSS;
    }
  }

  async settle(): Promise<void> {
    try {
      await this.cluster.waitUntilOk(SETTLE_TIMEOUT_MS);
    } catch (cause) {
      throw new Error(`the cluster did not settle:\n${await this.#views()}`, { cause });
    }
  }

  /** What each server thinks of the cluster. */
  async #views(): Promise<string> {
    const views = await Promise.all(
      this.servers.map(async (server) => {
        const nodes = await server.text('CLUSTER', 'NODES').catch(String);
        return `${server.address}:\n${nodes}\n${server.log().slice(-LOG_SHOWN_BYTES)}`;
      }),
    );
    return views.join('\n');
  }

  async readList(key: string, slot: number): Promise<readonly string[]> {
    const owner = await this.cluster.ownerOf(slot);
    const reply = await this.cluster.server(owner).call('LRANGE', key, 0, -1);
    return Array.isArray(reply) ? reply.map(String) : [];
  }

  async stop(): Promise<void> {
    await stopAll(this.relays, this.servers);
  }

  /** Others do not vote about a shard twice within two node time-outs, so it may have to be repeated. */
  async #failOver(shard: number): Promise<Injected> {
    const replica = await this.#replicaOf(shard);
    await waitFor('a manual failover', () => this.cluster.failover(replica).then(() => true), {
      timeoutMs: ELECTION_NODE_TIMEOUTS * this.#options.nodeTimeoutMs,
    });
    return NO_LOSS;
  }

  async #killPrimary(
    shard: number,
    restartAfterMs: number,
    context: InjectionContext,
  ): Promise<Injected> {
    const victim = await this.#primaryOf(shard);
    const replica = await this.#replicaOf(shard);
    const key = await this.#probeKey(shard);
    await this.cluster.kill(victim);
    const directAt = await this.#untilDirectWrite([replica], key, context);
    await sleep(restartAfterMs);
    await this.cluster.restart(victim);
    return { mayLoseTail: true, directAt };
  }

  async #restartPrimary(shard: number, context: InjectionContext): Promise<Injected> {
    const victim = await this.#primaryOf(shard);
    const replica = await this.#replicaOf(shard);
    const key = await this.#probeKey(shard);
    await this.cluster.kill(victim);
    const [directAt] = await Promise.all([
      this.#untilDirectWrite([victim, replica], key, context),
      this.cluster.restart(victim),
    ]);
    await this.settle();
    return { mayLoseTail: (await this.#primaryOf(shard)) !== victim, directAt };
  }

  async #hangPrimary(
    shard: number,
    continueAfterMs: number,
    context: InjectionContext,
  ): Promise<Injected> {
    const victim = await this.#primaryOf(shard);
    const replica = await this.#replicaOf(shard);
    const key = await this.#probeKey(shard);
    await this.cluster.kill(victim, 'SIGSTOP');
    try {
      const directAt = await this.#untilDirectWrite([replica], key, context);
      await sleep(continueAfterMs);
      return { mayLoseTail: true, directAt };
    } finally {
      await this.cluster.kill(victim, 'SIGCONT');
    }
  }

  async #stopPrimary(shard: number, forMs: number): Promise<Injected> {
    const victim = await this.#primaryOf(shard);
    await this.cluster.kill(victim, 'SIGSTOP');
    await sleep(forMs);
    await this.cluster.kill(victim, 'SIGCONT');
    await this.settle();
    // On a busy machine the others may have been quicker.
    return { mayLoseTail: (await this.#primaryOf(shard)) !== victim };
  }

  async #killReplica(shard: number, restartAfterMs: number): Promise<Injected> {
    const victim = await this.#replicaOf(shard);
    await this.cluster.kill(victim);
    await sleep(restartAfterMs);
    await this.cluster.restart(victim);
    return NO_LOSS;
  }

  async #moveSlots(forMs: number, meanwhile: LinkFault | undefined): Promise<Injected> {
    const primaries = await Promise.all(
      Array.from({ length: SHARDS }, (_, shard) => this.#primaryOf(shard)),
    );
    const { random } = this.#options;
    const mover = new SlotMover(this.cluster, primaries, {
      slots: this.#movable.map(({ slot }) => slot),
      random: (below) => random.below(below),
      restMs: LATE_REQUEST_MS + (meanwhile === undefined ? 0 : delayOf(meanwhile)),
    });
    await mover.start();
    await sleep(forMs / 2);
    if (meanwhile !== undefined) await disturbLinks(meanwhile, this.#relaysOf(meanwhile.shard));
    await sleep(forMs / 2);
    const trouble = await mover.stop().then(() => undefined, messageOf);
    await Promise.all(primaries.map((index, shard) => this.#untilReplicated(index, shard)));
    return { ...NO_LOSS, moves: mover.moves, ...(trouble === undefined ? {} : { trouble }) };
  }

  /** Keys that have just moved were acknowledged long ago: the next failure must not lose them. */
  async #untilReplicated(primary: number, shard: number): Promise<void> {
    const key = await this.#probeKey(shard);
    const client = await this.cluster.server(primary).connect();
    try {
      await client.call('SET', key, 'moved');
      const replicas = await client.call('WAIT', 1, REPLICATION_TIMEOUT_MS);
      if (replicas === 0) throw new Error(`shard ${shard} has no replica that keeps up`);
    } finally {
      client.close();
    }
  }

  async #untilDirectWrite(
    candidates: readonly number[],
    key: string,
    context: InjectionContext,
  ): Promise<number> {
    const servers = candidates.map((index) => this.cluster.server(index));
    await firstDirectWrite(servers, key, ELECTION_NODE_TIMEOUTS * this.#options.nodeTimeoutMs);
    const at = context.now();
    context.onDirectWrite(at);
    return at;
  }

  /** A key of the shard that no client of the load uses. */
  async #probeKey(shard: number): Promise<string> {
    const slots = await this.slotsOf(shard);
    const tag = this.tags.find(({ slot }) => slots.includes(slot));
    if (tag === undefined) throw new Error(`shard ${shard} serves none of the observed slots`);
    return `{${tag.name}}:probe`;
  }

  async #primaryOf(shard: number): Promise<number> {
    const roles = await Promise.all(
      [shard, shard + SHARDS].map(async (index) => {
        const role = await this.cluster.server(index).call('ROLE');
        return { index, isPrimary: Array.isArray(role) && role[0] === 'master' };
      }),
    );
    const primary = roles.find(({ isPrimary }) => isPrimary);
    if (primary === undefined) throw new Error(`shard ${shard} has no primary`);
    return primary.index;
  }

  async #replicaOf(shard: number): Promise<number> {
    return (await this.#primaryOf(shard)) === shard ? shard + SHARDS : shard;
  }

  #relaysOf(shard: number): readonly Relay[] {
    return this.relays.filter((_, index) => index % SHARDS === shard);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface ChosenTags {
  /** One of each shard, so that every shard has always one. */
  readonly resting: readonly Tag[];
  readonly movable: readonly Tag[];
}

/** So many tags of slots of each shard. */
async function chooseTags(cluster: TestCluster): Promise<ChosenTags> {
  const owners = await cluster.ownersSeenBy(0);
  const chosen = Array.from({ length: SHARDS }, (): Tag[] => []);
  for (let n = 0; chosen.some((tags) => tags.length < TAGS_PER_SHARD); n++) {
    const name = `t${n}`;
    const slot = Number(await cluster.server(0).call('CLUSTER', 'KEYSLOT', name));
    const tags = chosen[owners[slot] ?? -1];
    if (tags !== undefined && tags.length < TAGS_PER_SHARD) tags.push({ name, slot });
  }
  return {
    resting: chosen.flatMap((tags) => tags.slice(0, 1)),
    movable: chosen.flatMap((tags) => tags.slice(1)),
  };
}
