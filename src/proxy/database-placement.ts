import { formatAddress, type ListenAddress } from '../config/addresses.js';
import type { DatabaseConfig } from '../config/deployment.js';
import { ProxyError } from '../errors/index.js';
import type { Logger } from '../log/logger.js';
import type { DataPlane, NativePeerRule } from '../native/index.js';
import {
  AdvertisedAddresses,
  configuredPlacement,
  listenerModes,
  listeningNodes,
  type NodeSpec,
  type PlacementProblem,
  type PlacementSettings,
  problemsInModes,
  slotOwners,
} from '../placement/index.js';
import type { Clock, ClusterTopology, TopologyMonitor } from '../topology/index.js';
import type { ChangeOutcome, ChangeProblem } from './deployment.js';
import { Endpoint } from './endpoint.js';
import { type EndpointClientsOptions, endpointClients } from './endpoint-clients.js';
import { Endpoints } from './endpoints.js';
import { LatePeers } from './late-peers.js';
import { type ListenerOptions, Listeners } from './listeners.js';
import { moveNotices } from './move-notices.js';
import type { Nodes } from './nodes.js';
import { changedPlacement, differences, placementChange } from './placement-settings.js';
import { Presenter } from './presenter.js';
import { RedirectWatch } from './redirect-watch.js';

/** What it needs of the data plane. */
export type PlacementPlane = Pick<DataPlane, 'setPresentations' | 'notify' | 'total'> &
  ListenerOptions['plane'] &
  EndpointClientsOptions['plane'];

export interface DatabasePlacementOptions {
  /** The database's number in the data plane. */
  readonly id: number;
  readonly plane: PlacementPlane;
  readonly nodes: Nodes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly monitor: Pick<TopologyMonitor, 'topology' | 'watch' | 'requestRefresh'>;
  readonly inherited?: ListenerOptions['inherited'];
  /** Waits of blocking commands, by what their clients are shown. */
  readonly unblockThose: (presentations: readonly number[]) => Promise<void>;
  readonly mayBlock: (presentations: readonly number[]) => void;
  /** Names of the modules that the servers have loaded. */
  readonly modules: () => readonly string[];
}

/** On which nodes a database listens and what its clients are shown, as everything around it changes. */
export class DatabasePlacement {
  readonly presenter: Presenter;
  readonly endpoints: Endpoints;
  readonly #options: DatabasePlacementOptions;
  readonly #redirects: RedirectWatch;
  readonly #latePeers: LatePeers;
  #config: DatabaseConfig;
  #settings: PlacementSettings;
  #advertised: AdvertisedAddresses;
  #isOpen = false;
  #chosen: readonly string[] | undefined;
  #updates = 0;
  #moves = 0;

  /** @throws ProxyError if an entry of `advertise` is malformed. */
  constructor(config: DatabaseConfig, options: DatabasePlacementOptions) {
    const { id, plane, clock, monitor } = options;
    this.#options = options;
    this.#config = config;
    this.#settings = configuredPlacement(config);
    this.#advertised = new AdvertisedAddresses(config.advertise);
    this.presenter = new Presenter({
      database: id,
      name: config.databaseName,
      plane,
      clock,
      movedQuietMs: () => this.#config.movedQuietMs,
      lingerMs: () => this.#config.endpointRebindGraceMs + this.#config.drainTimeoutMs,
    });
    this.#redirects = new RedirectWatch({
      clock,
      answered: () => plane.total('moved_answered'),
      onRedirects: (count) =>
        monitor.requestRefresh({ kind: 'moved', detail: `${count} requests were redirected` }),
    });
    const entries = config.endpoints.map(({ node }): [string, Endpoint] => [
      node,
      this.#endpoint(node),
    ]);
    this.endpoints = new Endpoints(new Map(entries), clock, () => void this.update());
    this.#latePeers = new LatePeers({
      clock,
      listens: (node) => this.endpoints.of(node) !== undefined || this.#listens(node),
      changed: () => void this.update(),
    });
    this.#watch();
  }

  get settings(): PlacementSettings {
    return this.#settings;
  }

  /**
   * The database may be served: endpoints follow the policy from now on.
   * @throws ProxyError if there is one to open here, and none can be opened; or if the servers have what
   * does not go with the settings.
   */
  async open(): Promise<void> {
    const refusals = this.#problemsOf(this.#settings);
    if (refusals.length > 0) {
      throw new ProxyError('placement_refused', textOf(refusals));
    }
    this.#isOpen = true;
    await this.update();
    const { problems, addresses } = this.endpoints;
    if (addresses.length === 0 && problems.length > 0) {
      throw new ProxyError('listen_failed', problems.join('; '));
    }
  }

  /** Topology or nodes have changed. @returns When the endpoints are as they are to be. */
  async update(): Promise<void> {
    const { monitor, nodes } = this.#options;
    if (monitor.topology === null || !this.#isOpen) {
      return;
    }
    this.#updates++;
    const update = this.#updates;
    const chosen = this.#choose(monitor.topology);
    this.#show(monitor.topology, chosen);
    if (nodes.isEnding) {
      // Endpoints stay as they are until they are shut.
      return;
    }
    const isOpenElsewhere = chosen.some(
      (id) => this.endpoints.of(id) === undefined && this.#listens(id),
    );
    await this.endpoints.choose(chosen, isOpenElsewhere);
    if (update === this.#updates && this.#isOpen && this.#isShownOtherwise(chosen)) {
      this.#show(monitor.topology, chosen);
    }
  }

  /** The same topology, as it was seen again: stamps and epochs may be others. */
  renew(topology: ClusterTopology): void {
    const { situation } = this.presenter;
    if (situation !== undefined) {
      this.presenter.renew({ ...situation, topology });
    }
  }

  /** Changes how the database is placed and shown, as `Deployment.change`. */
  change(change: Partial<PlacementSettings>): ChangeOutcome {
    const next = changedPlacement(this.#settings, change);
    const problems = this.#problemsOf(next);
    if (problems.length > 0) {
      return { kind: 'refused', problems };
    }
    if (JSON.stringify(next) !== JSON.stringify(this.#settings)) {
      this.#settings = next;
      this.#options.log.info('placement changed', { ...change });
      this.#apply();
    }
    return { kind: 'applied', placement: next };
  }

  /** Applies what a reload changed. */
  reconfigure(config: DatabaseConfig): void {
    const change = placementChange(this.#config, config);
    this.#config = config;
    this.#advertised = new AdvertisedAddresses(config.advertise);
    const outcome = this.change(change);
    if (outcome.kind === 'refused') {
      this.#options.log.error('the placement stays as it was', {
        reason: textOf(outcome.problems),
      });
    }
    this.#apply();
  }

  /** Ids of the nodes on which the database is to listen. */
  chosenNodes(topology: ClusterTopology): readonly string[] {
    return this.#chosen ?? listeningNodes(this.#settings, this.#options.nodes.states(), topology);
  }

  /** The process is about to end: clients that asked for it are told. */
  announceEnd(seconds: number): void {
    for (const [node, endpoint] of this.endpoints.entries()) {
      if (endpoint.state === 'listening') {
        this.#announceMove(node, seconds);
      }
    }
  }

  /** What was changed while it ran. */
  get changes(): Partial<PlacementSettings> {
    return differences(configuredPlacement(this.#config), this.#settings);
  }

  /** Another process goes on with these sockets; clients that asked for it are told to connect again. */
  async handOver(taken: ReadonlySet<number>, seconds: number): Promise<void> {
    const open = this.endpoints.entries().filter(([, { state }]) => state === 'listening');
    const stay = open.filter(([, { descriptors }]) => descriptors.some((fd) => taken.has(fd)));
    this.#latePeers.stop();
    await this.endpoints.handOver(taken);
    for (const entry of open) {
      const [node] = entry;
      const own = this.#options.nodes.specs.find(({ id }) => id === node) ?? null;
      this.#announceMove(node, seconds, stay.includes(entry) ? own : this.#elsewhere(node));
    }
  }

  /** Nobody can connect from now on; clients that are connected stay. */
  async shut(): Promise<void> {
    this.#isOpen = false;
    this.#latePeers.stop();
    await this.endpoints.shut();
  }

  stop(): void {
    this.#isOpen = false;
    this.#latePeers.stop();
    this.presenter.stop();
    this.#redirects.stop();
  }

  #problemsOf(settings: PlacementSettings): readonly PlacementProblem[] {
    const { modules, nodes } = this.#options;
    const refusing = this.#config.modulesRefusingCluster;
    return problemsInModes(settings, listenerModes(this.#config), {
      nodes: nodes.specs,
      refusingModules: modules().filter((name) => refusing.includes(name)),
    });
  }

  #apply(): void {
    this.#watch();
    const done = this.update();
    this.endpoints.applyRules();
    void done;
  }

  /** Where clients are told where to go, or nodes depend on roles, requests do not show every change. */
  #watch(): void {
    const { mode, policy } = this.#settings;
    const modes = [mode, ...listenerModes(this.#config)];
    const followsRoles = policy === 'all-master-shards' && this.#options.nodes.specs.length > 1;
    const tellsClients = modes.some((other) => other !== 'standalone');
    this.#options.monitor.watch(tellsClients || followsRoles ? 'close' : 'steady');
    if (modes.includes('cluster')) {
      this.#redirects.start();
    } else {
      this.#redirects.stop();
    }
  }

  #choose(topology: ClusterTopology): readonly string[] {
    const states = this.#options.nodes.states();
    this.#chosen = this.#latePeers.choose((late) =>
      listeningNodes(
        this.#settings,
        states.filter(({ spec }) => !late.includes(spec.id)),
        topology,
      ),
    );
    return this.#chosen;
  }

  #show(topology: ClusterTopology, chosen: readonly string[]): void {
    const nodes = this.#options.nodes.specs;
    const listening = this.#shown(chosen);
    this.presenter.show({
      topology,
      settings: this.#settings,
      port: this.#config.port,
      nodes,
      listening,
      owners: slotOwners(topology, nodes, listening),
      advertised: this.#advertised,
      lendsItsUser:
        this.#config.clientAuth === 'none' && this.#config.upstreamCredentials.current() !== null,
    });
  }

  /** The chosen nodes that listen; until there is one, those that were shown before and still do. */
  #shown(chosen: readonly string[]): readonly string[] {
    // A node of this process listens by the time anybody reads of it, if it does not fail.
    const open = chosen.filter((id) => {
      const endpoint = this.endpoints.of(id);
      return endpoint === undefined ? this.#listens(id) : endpoint.problem === '';
    });
    if (open.length > 0) {
      return open;
    }
    const before = this.presenter.situation?.listening ?? [];
    const still = this.#options.nodes.specs
      .map(({ id }) => id)
      .filter((id) => before.includes(id) && this.#listens(id));
    return still.length > 0 ? still : chosen;
  }

  /** As after an endpoint could not be opened. */
  #isShownOtherwise(chosen: readonly string[]): boolean {
    return this.#shown(chosen).join() !== this.presenter.situation?.listening.join();
  }

  /** Whether clients can connect there; true where nobody can tell. */
  #listens(node: string): boolean {
    const endpoint = this.endpoints.of(node);
    return endpoint === undefined
      ? this.#options.nodes.listens(node, this.#config.databaseName) !== false
      : endpoint.state === 'listening' || endpoint.state === 'grace';
  }

  /** Another node for those who leave this one; each time another one, if there are several. */
  #elsewhere(node: string): NodeSpec | null {
    const { nodes } = this.#options;
    const { listening = [] } = this.presenter.situation ?? {};
    const others = nodes.specs.filter(
      (spec) =>
        spec.id !== node &&
        listening.includes(spec.id) &&
        // All endpoints of a process end with it.
        !(nodes.isEnding && nodes.isHosted(spec.id)),
    );
    return others[(this.#moves + 1) % Math.max(1, others.length)] ?? null;
  }

  /** Clients that asked for it are told where to go. */
  #announceMove(node: string, seconds: number, target = this.#elsewhere(node)): void {
    const { id, plane } = this.#options;
    this.#moves++;
    for (const number of this.presenter.clientelesOf(node)) {
      const viewer = this.presenter.viewerOf(number);
      const move = { sequence: this.#moves, seconds, target, port: this.#config.port, viewer };
      for (const { kind, frame } of moveNotices(move)) {
        plane.notify({ database: id, presentations: [number] }, kind, frame);
      }
    }
  }

  #rulesFor(node: string, address: ListenAddress): readonly NativePeerRule[] {
    // Clients whose address a header tells may be anywhere.
    const kind = this.#sendersFor(address).includes('unix') ? 'tcp' : address.kind;
    return this.presenter.rulesFor(node, kind, address.mode);
  }

  #sendersFor(address: ListenAddress): readonly string[] {
    return address.proxyProtocol ?? this.#config.proxyProtocol;
  }

  #endpoint(node: string): Endpoint {
    const { id, plane, clock, log, inherited, unblockThose, mayBlock } = this.#options;
    const { threads, tcpBacklog, unixSocketMode, endpoints } = this.#config;
    const addresses = endpoints.find((endpoint) => endpoint.node === node)?.listen ?? [];
    return new Endpoint({
      addresses: addresses.map(formatAddress),
      clock,
      log,
      bind: () =>
        Listeners.bind({
          addresses,
          workers: threads,
          backlog: tcpBacklog,
          unixSocketMode,
          inherited,
          plane,
          database: id,
          rulesFor: (address) => this.#rulesFor(node, address),
          sendersFor: (address) => this.#sendersFor(address),
        }),
      clients: endpointClients({
        database: id,
        plane,
        presentations: () => this.presenter.clientelesOf(node),
        unblock: unblockThose,
        mayBlock,
        announceMove: (seconds) => this.#announceMove(node, seconds),
      }),
      graceMs: () => this.#config.endpointRebindGraceMs,
      drainTimeoutMs: () => this.#config.drainTimeoutMs,
    });
  }
}

function textOf(problems: readonly ChangeProblem[]): string {
  return problems.map(({ message }) => message).join('; ');
}
