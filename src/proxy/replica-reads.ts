import type { EffectiveConfig } from '../config/effective-config.js';
import type { Logger } from '../log/logger.js';
import {
  type Mode,
  NO_READERS,
  type ServerFacts,
  ServerZones,
  type SlotReaders,
  slotReaders,
} from '../placement/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import { formatEndpoint } from '../shards/index.js';
import type { Clock, ClusterTopology, RefreshReason, ServerNode } from '../topology/index.js';
import { type PollPlan, ReplicaPoll } from './replica-poll.js';

export type ReadSettings = Pick<
  EffectiveConfig,
  'mode' | 'readFrom' | 'zone' | 'serverZones' | 'maxReplicaLinkDownMs'
>;

export interface ReplicaReadsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly execute: (nodeId: string, args: CommandArguments) => Promise<RespReply>;
  readonly refresh: (reason: RefreshReason) => void;
  /** `readers` has changed. */
  readonly changed: () => void;
}

/** Where the proxy looks like one server, so that its clients cannot choose replicas themselves. */
const MODES: readonly Mode[] = ['standalone', 'auto'];
/** A slot that stays as it was leaves no trace that a refresh would follow. */
const OPEN_SLOTS_CHECK_MS = 10_000;

/** Decides, and finds out again and again, which servers reads may be sent to. */
export class ReplicaReads {
  readonly #options: ReplicaReadsOptions;
  readonly #poll: ReplicaPoll;
  #settings: ReadSettings;
  #zones: ServerZones;
  #topology: ClusterTopology | null = null;
  #readers: SlotReaders = NO_READERS;
  #cancelCheck: (() => void) | null = null;

  constructor(settings: ReadSettings, options: ReplicaReadsOptions) {
    this.#options = options;
    this.#settings = settings;
    this.#zones = new ServerZones(settings.serverZones);
    this.#poll = new ReplicaPoll({
      clock: options.clock,
      call: options.execute,
      changed: () => this.#update() && options.changed(),
    });
    this.#warnOfZones();
  }

  /** For the topology that was adopted last. */
  get readers(): SlotReaders {
    return this.#readers;
  }

  adopt(topology: ClusterTopology): void {
    this.#topology = topology;
    this.#follow();
    this.#update();
    this.#watchOpenSlots();
  }

  /** @returns Whether `readers` has changed. */
  reconfigure(settings: ReadSettings): boolean {
    this.#settings = settings;
    this.#zones = new ServerZones(settings.serverZones);
    this.#warnOfZones();
    this.#follow();
    this.#watchOpenSlots();
    return this.#update();
  }

  /** @param server As in `RouteServer.label`. */
  refused(server: string): void {
    const found = this.#topology?.servers.find(({ address }) => formatEndpoint(address) === server);
    if (found !== undefined) {
      this.#poll.ask(found.nodeId);
    }
  }

  /** Nothing is asked or published any more. */
  stop(): void {
    this.#poll.follow({ nodeIds: [], needsZones: false, needsLatency: false });
    this.#cancelCheck?.();
  }

  get #isOn(): boolean {
    const { mode, readFrom } = this.#settings;
    return readFrom !== 'primary' && MODES.includes(mode);
  }

  #update(): boolean {
    const before = this.#readers;
    this.#readers =
      this.#topology === null || !this.#isOn
        ? NO_READERS
        : slotReaders({
            topology: this.#topology,
            readFrom: this.#settings.readFrom,
            zone: this.#settings.zone ?? null,
            maxLinkDownMs: this.#settings.maxReplicaLinkDownMs,
            factsOf: (server) => this.#factsOf(server),
            chosen: before.chosen,
          });
    this.#tell(before, this.#readers);
    return !isSame(before, this.#readers);
  }

  /** What a server says of its zone counts more than the table. */
  #factsOf(server: ServerNode): ServerFacts | null {
    const facts = this.#poll.factsOf(server.nodeId);
    return facts === null
      ? null
      : { ...facts, zone: facts.zone ?? this.#zones.zoneOf(hostsOf(server)) };
  }

  #follow(): void {
    this.#poll.follow(this.#plan());
  }

  #plan(): PollPlan {
    const { readFrom } = this.#settings;
    const needsLatency = readFrom === 'lowest-latency';
    const needsZones = readFrom.startsWith('az-');
    const asksPrimaries = needsLatency || readFrom === 'az-affinity-replicas-and-primary';
    const servers = this.#isOn ? (this.#topology?.servers ?? []) : [];
    const asked = servers.filter(
      ({ role, flags, hasSlots }) =>
        !flags.includes('fail') && (role === 'replica' || (asksPrimaries && hasSlots)),
    );
    return { nodeIds: asked.map(({ nodeId }) => nodeId), needsZones, needsLatency };
  }

  #watchOpenSlots(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = null;
    if (this.#isOn && this.#topology !== null && this.#topology.openSlots.length > 0) {
      this.#cancelCheck = this.#options.clock.after(OPEN_SLOTS_CHECK_MS, () =>
        this.#options.refresh({ kind: 'steady', detail: 'slots are on their way' }),
      );
    }
  }

  #tell(before: SlotReaders, after: SlotReaders): void {
    const label = (nodeId: string) => {
      const server = this.#topology?.servers.find((one) => one.nodeId === nodeId);
      return server === undefined ? nodeId : formatEndpoint(server.address);
    };
    const begun = [...after.chosen].filter((nodeId) => !before.chosen.has(nodeId));
    const ended = [...before.chosen].filter((nodeId) => !after.chosen.has(nodeId));
    for (const nodeId of begun) {
      this.#options.log.info('reads are sent to this server', { server: label(nodeId) });
    }
    for (const nodeId of ended) {
      this.#options.log.info('reads are no longer sent to this server', { server: label(nodeId) });
    }
  }

  #warnOfZones(): void {
    const { readFrom, zone } = this.#settings;
    if (this.#isOn && readFrom.startsWith('az-') && zone === undefined) {
      this.#options.log.warn('no server is near without --zone: any replica is read from', {
        readFrom,
      });
    }
  }
}

function hostsOf({ address, announced }: ServerNode): readonly string[] {
  const reached = address.kind === 'tcp' ? [address.host] : [];
  const names = announced.hostname === null ? [] : [announced.hostname];
  return [...reached, announced.host, ...names];
}

function isSame(a: SlotReaders, b: SlotReaders): boolean {
  return (
    JSON.stringify(a.sets) === JSON.stringify(b.sets) &&
    Buffer.compare(bytesOf(a.slotToSet), bytesOf(b.slotToSet)) === 0
  );
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
