import type { TcpAddress } from '../config/addresses.js';
import type { NodeConfig } from '../config/nodes.js';
import type { Logger } from '../log/logger.js';
import type { NodeSpec, NodeState } from '../placement/index.js';
import type { Clock } from '../topology/index.js';
import type { NodeStatus } from './deployment.js';
import { IS_LEAVING, type PeerReport, PeerWatch } from './peer-watch.js';

export interface NodesOptions {
  /** Ids of the nodes that this process plays. They are up until it is about to end. */
  readonly hosted: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** As `askPeer`. */
  readonly ask: (admin: TcpAddress) => Promise<PeerReport>;
  /** Nodes have come, gone, or changed their state. */
  readonly changed: () => void;
}

interface Peer {
  readonly admin: TcpAddress;
  readonly watch: PeerWatch;
  wasUp: boolean;
}

/** The nodes of a deployment and what this process knows of them. */
export class Nodes {
  readonly #options: NodesOptions;
  readonly #peers = new Map<string, Peer>();
  #specs: readonly NodeConfig[] = [];
  #isEnding = false;

  /** @param nodes At least those that this process plays. */
  constructor(nodes: readonly NodeConfig[], options: NodesOptions) {
    this.#options = options;
    this.#specs = nodes;
  }

  /** Begins to ask the others. */
  start(): void {
    this.#follow();
  }

  stop(): void {
    for (const { watch } of this.#peers.values()) {
      watch.stop();
    }
    this.#peers.clear();
  }

  /** This process is about to end: its nodes are down, as its peers will have it. */
  end(): void {
    this.#isEnding = true;
    this.#options.changed();
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** @param nodes As a reload describes them; at least those that this process plays. */
  update(nodes: readonly NodeConfig[]): void {
    const isSame = JSON.stringify(nodes) === JSON.stringify(this.#specs);
    if (!isSame) {
      this.#specs = nodes;
      this.#follow();
      this.#options.changed();
    }
  }

  /** In the order of the configuration. */
  get specs(): readonly NodeSpec[] {
    return this.#specs;
  }

  states(): readonly NodeState[] {
    return this.#specs.map((spec) => ({ spec, isUp: this.#isUp(spec.id) }));
  }

  status(): readonly NodeStatus[] {
    return this.#specs.map((spec, index) => ({
      uid: index + 1,
      spec,
      isHosted: this.isHosted(spec.id),
      isUp: this.#isUp(spec.id),
      downReason: this.#downReason(spec.id),
    }));
  }

  isHosted(node: string): boolean {
    return this.#options.hosted.includes(node);
  }

  /** Whether a database's port is open on the node of another process; null: nobody can tell. */
  listens(node: string, database: string): boolean | null {
    return this.#peers.get(node)?.watch.listens(node, database) ?? null;
  }

  #isUp(node: string): boolean {
    return this.isHosted(node) ? !this.#isEnding : (this.#peers.get(node)?.watch.isUp ?? true);
  }

  #downReason(node: string): string {
    if (this.isHosted(node)) {
      return this.#isEnding ? IS_LEAVING : '';
    }
    return this.#peers.get(node)?.watch.downReason ?? '';
  }

  /** One watch for each node of another process that can be asked. */
  #follow(): void {
    const wanted = new Map(
      this.#specs.flatMap(({ id, admin }): [string, TcpAddress][] =>
        admin === null || this.isHosted(id) ? [] : [[id, admin]],
      ),
    );
    for (const [id, { admin, watch }] of this.#peers) {
      if (JSON.stringify(wanted.get(id)) !== JSON.stringify(admin)) {
        watch.stop();
        this.#peers.delete(id);
      }
    }
    for (const [id, admin] of wanted) {
      if (!this.#peers.has(id)) {
        this.#watch(id, admin);
      }
    }
  }

  #watch(id: string, admin: TcpAddress): void {
    const { clock, ask, changed } = this.#options;
    const watch = new PeerWatch({
      clock,
      ask: () => ask(admin),
      changed: () => {
        this.#tell(id);
        changed();
      },
    });
    this.#peers.set(id, { admin, watch, wasUp: true });
    watch.start();
  }

  /** One line of log per change of state. */
  #tell(id: string): void {
    const peer = this.#peers.get(id);
    if (peer === undefined || peer.watch.isUp === peer.wasUp) {
      return;
    }
    peer.wasUp = peer.watch.isUp;
    if (peer.wasUp) {
      this.#options.log.info('node up', { node: id });
    } else {
      this.#options.log.warn('node down', { node: id, reason: peer.watch.downReason });
    }
  }
}
