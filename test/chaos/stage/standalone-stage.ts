import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Relay } from '../../support/relay.js';
import { RealServer } from '../../support/server.js';
import { waitFor } from '../../support/wait.js';
import { fixedKey, type Tag } from '../load/actor.js';
import type { Fault } from '../plan/faults.js';
import { firstDirectWrite } from './direct-probe.js';
import { disturbLinks } from './link-faults.js';
import { type Injected, type InjectionContext, type Stage, stopAll } from './stage.js';

const SHARDS = 3;
const TAGS = 12;
const RESTART_TIMEOUT_MS = 15_000;

const NO_LOSS: Injected = { mayLoseTail: false };

/**
 * Servers that know nothing of each other, for proxies that spread keys by themselves. Nobody takes
 * the place of one that is away: it is away for as long as an election would take in a cluster.
 */
export class StandaloneStage implements Stage {
  readonly shards = SHARDS;
  readonly servers: readonly RealServer[];
  readonly relays: readonly Relay[];
  /** No slots: every tag is its own. */
  readonly tags: readonly Tag[] = Array.from({ length: TAGS }, (_, slot) => ({
    // Names that are alike would all go to the same server.
    name: createHash('md5').update(`tag ${slot}`).digest('hex').slice(0, 8),
    slot,
  }));
  readonly #awayMs: number;

  private constructor(servers: readonly RealServer[], relays: readonly Relay[], awayMs: number) {
    this.servers = servers;
    this.relays = relays;
    this.#awayMs = awayMs;
  }

  /** @param nodeTimeoutMs Of the cluster that this stands beside. */
  static async start(nodeTimeoutMs: number): Promise<StandaloneStage> {
    const extraConfig = { appendonly: 'yes', appendfsync: 'no' };
    const servers = await Promise.all(
      Array.from({ length: SHARDS }, () => RealServer.start({ extraConfig })),
    );
    const relays = await Promise.all(servers.map((server) => Relay.start(server)));
    return new StandaloneStage(servers, relays, nodeTimeoutMs);
  }

  whyNot(fault: Fault): string | undefined {
    switch (fault.kind) {
      case 'fail-over':
      case 'kill-replica':
        return 'servers that stand alone have no replicas';
      case 'move-slots':
        return 'servers that stand alone have no slots';
      default:
        return undefined;
    }
  }

  async slotsOf(shard: number): Promise<readonly number[]> {
    const has = await Promise.all(
      this.tags.map((tag) => this.#server(shard).call('EXISTS', fixedKey(tag, 0))),
    );
    return this.tags.filter((_, i) => has[i] === 1).map(({ slot }) => slot);
  }

  async inject(fault: Fault, context: InjectionContext): Promise<Injected> {
    switch (fault.kind) {
      case 'kill-primary':
        return this.#kill(fault.shard, this.#awayMs + fault.restartAfterMs, context);
      case 'restart-primary':
        return this.#kill(fault.shard, 0, context);
      case 'hang-primary':
        return this.#stop(fault.shard, this.#awayMs + fault.continueAfterMs);
      case 'stop-primary':
        return this.#stop(fault.shard, fault.forMs);
      case 'cut-links':
      case 'refuse-links':
      case 'freeze-links':
      case 'delay-links':
        await disturbLinks(fault, this.relays.slice(fault.shard, fault.shard + 1));
        return NO_LOSS;
      case 'fail-over':
      case 'kill-replica':
      case 'move-slots':
        throw new Error(`${fault.kind}: ${this.whyNot(fault)}`);
    }
  }

  async settle(): Promise<void> {
    await waitFor('the servers to answer', async () => {
      const replies = await Promise.all(this.servers.map((server) => server.call('PING')));
      return replies.every((reply) => reply === 'PONG');
    });
  }

  async readList(key: string): Promise<readonly string[]> {
    const lists = await Promise.all(
      this.servers.map((server) => server.call('LRANGE', key, 0, -1)),
    );
    return lists.flat().map(String);
  }

  async stop(): Promise<void> {
    await stopAll(this.relays, this.servers);
  }

  async #kill(shard: number, awayMs: number, context: InjectionContext): Promise<Injected> {
    const server = this.#server(shard);
    await server.kill();
    await sleep(awayMs);
    await Promise.all([
      server.restart(),
      firstDirectWrite([server], 'probe', RESTART_TIMEOUT_MS).then(() =>
        context.onDirectWrite(context.now()),
      ),
    ]);
    return { mayLoseTail: false, directAt: context.now() };
  }

  async #stop(shard: number, forMs: number): Promise<Injected> {
    const server = this.#server(shard);
    await server.kill('SIGSTOP');
    await sleep(forMs);
    await server.kill('SIGCONT');
    return NO_LOSS;
  }

  #server(shard: number): RealServer {
    const server = this.servers[shard];
    if (server === undefined) throw new Error(`no shard ${shard}`);
    return server;
  }
}
