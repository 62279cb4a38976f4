import type { ServerFacts } from '../placement/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import { type Clock, jittered } from '../topology/index.js';
import { announcedZone, infoFacts } from './replica-facts.js';

const PERIOD_MS = 2_000;
const PERIOD_JITTER = 0.2;
/** A server that has not answered by then is not read from. */
const ANSWER_MS = 1_000;
/** Zones change with a restart only. */
const ZONE_EVERY_POLLS = 30;
const SAMPLES = 9;

export interface ReplicaPollOptions {
  readonly clock: Clock;
  readonly call: (nodeId: string, args: CommandArguments) => Promise<RespReply>;
  /** What is known of a server has changed, or its latency may have. */
  readonly changed: () => void;
}

/** Which servers are asked, and for what. */
export interface PollPlan {
  readonly nodeIds: readonly string[];
  readonly needsZones: boolean;
  readonly needsLatency: boolean;
}

interface Polled {
  facts: ServerFacts | null;
  /** As it was last told; kept while the server does not answer. */
  zone: string | null;
  isBeingAsked: boolean;
  polls: number;
  samples: readonly number[];
}

/** Asks servers every 2 s whether they can be read from; only while reads may go to replicas. */
export class ReplicaPoll {
  readonly #options: ReplicaPollOptions;
  readonly #polled = new Map<string, Polled>();
  #plan: PollPlan = { nodeIds: [], needsZones: false, needsLatency: false };
  #cancel: (() => void) | null = null;

  constructor(options: ReplicaPollOptions) {
    this.#options = options;
  }

  /** Goes on with these servers; new ones are asked at once. None: the end. */
  follow(plan: PollPlan): void {
    const wantsMore =
      (plan.needsZones && !this.#plan.needsZones) ||
      (plan.needsLatency && !this.#plan.needsLatency);
    if (wantsMore) {
      this.#polled.clear();
    }
    const added = plan.nodeIds.filter((nodeId) => !this.#polled.has(nodeId));
    this.#plan = plan;
    for (const nodeId of [...this.#polled.keys()]) {
      if (!plan.nodeIds.includes(nodeId)) {
        this.#polled.delete(nodeId);
      }
    }
    for (const nodeId of added) {
      this.#polled.set(nodeId, {
        facts: null,
        zone: null,
        isBeingAsked: false,
        polls: 0,
        samples: [],
      });
      this.ask(nodeId);
    }
    if (plan.nodeIds.length === 0) {
      this.#cancel?.();
      this.#cancel = null;
    } else if (this.#cancel === null) {
      this.#schedule();
    }
  }

  /** Null as long as the server has not answered, and when it no longer does. */
  factsOf(nodeId: string): ServerFacts | null {
    return this.#polled.get(nodeId)?.facts ?? null;
  }

  /** Asks now: the server has refused something. */
  ask(nodeId: string): void {
    const polled = this.#polled.get(nodeId);
    if (polled !== undefined && !polled.isBeingAsked) {
      void this.#ask(nodeId, polled);
    }
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#cancel = clock.after(jittered(clock, PERIOD_MS, PERIOD_JITTER), () => {
      this.#schedule();
      if (this.#plan.needsLatency) {
        this.#options.changed();
      }
      for (const nodeId of this.#plan.nodeIds) {
        this.ask(nodeId);
      }
    });
  }

  async #ask(nodeId: string, polled: Polled): Promise<void> {
    polled.isBeingAsked = true;
    const cancel = this.#options.clock.after(ANSWER_MS, () => this.#learn(nodeId, polled, null));
    const facts = await this.#fetch(nodeId, polled).catch(() => null);
    cancel();
    polled.isBeingAsked = false;
    polled.polls++;
    this.#learn(nodeId, polled, facts);
  }

  async #fetch(nodeId: string, polled: Polled): Promise<ServerFacts | null> {
    const { call } = this.#options;
    const asksZone = this.#plan.needsZones && polled.polls % ZONE_EVERY_POLLS === 0;
    const [replication, persistence, server] = await Promise.all([
      call(nodeId, ['INFO', 'replication']),
      call(nodeId, ['INFO', 'persistence']),
      asksZone ? call(nodeId, ['INFO', 'server']) : null,
    ]);
    const info = infoFacts(replication, persistence);
    if (this.#plan.needsLatency) {
      polled.samples = [...polled.samples, await this.#roundTripMs(nodeId)].slice(-SAMPLES);
    }
    if (server !== null) {
      polled.zone = announcedZone(server);
    }
    const { zone, samples } = polled;
    return info === null ? null : { ...info, zone, latencyMs: medianOf(samples) };
  }

  async #roundTripMs(nodeId: string): Promise<number> {
    const sentAtMs = this.#options.clock.nowMs();
    await this.#options.call(nodeId, ['PING']);
    return this.#options.clock.nowMs() - sentAtMs;
  }

  #learn(nodeId: string, polled: Polled, facts: ServerFacts | null): void {
    const before = polled.facts;
    polled.facts = facts;
    if (facts === null) {
      // It may be another process, at another place, when it comes back.
      polled.polls = 0;
      polled.samples = [];
    }
    const isCurrent = this.#polled.get(nodeId) === polled;
    if (isCurrent && !isSame(before, facts)) {
      this.#options.changed();
    }
  }
}

function medianOf(samples: readonly number[]): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** Latencies differ always, and are looked at once per period. */
function isSame(a: ServerFacts | null, b: ServerFacts | null): boolean {
  const isKnown = (facts: ServerFacts | null) => facts?.latencyMs !== null;
  return (
    a?.linkDownMs === b?.linkDownMs &&
    a?.isLoading === b?.isLoading &&
    a?.zone === b?.zone &&
    isKnown(a) === isKnown(b)
  );
}
