import { RealServer } from './server.js';
import { waitFor } from './wait.js';

export interface TestClusterOptions {
  readonly primaries?: number;
  readonly replicasPerPrimary?: number;
  readonly nodeTimeoutMs?: number;
  readonly requirepass?: string;
  readonly host?: string;
  /** One for each server, instead of `host`. */
  readonly hosts?: readonly string[];
  readonly extraConfig?: Readonly<Record<string, string>>;
}

const SLOT_COUNT = 16_384;
const MIGRATE_BATCH_KEYS = 100;
const MIGRATE_TIMEOUT_MS = 5_000;

/**
 * A real cluster. `servers[0 .. primaries-1]` start as primaries; then come the replicas: the one at
 * `primaries + k` starts as a replica of primary `k % primaries`. Indexes name servers for good,
 * whatever role a failover gives them later.
 */
export class TestCluster {
  readonly servers: readonly RealServer[];
  readonly primaryCount: number;
  readonly #ids: readonly string[];

  private constructor(servers: readonly RealServer[], ids: readonly string[], primaries: number) {
    this.servers = servers;
    this.#ids = ids;
    this.primaryCount = primaries;
  }

  /** Starts the servers, joins them and waits until every node says `cluster_state:ok`. */
  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const primaries = options.primaries ?? 3;
    const count = primaries * (1 + (options.replicasPerPrimary ?? 0));
    const started = await Promise.allSettled(
      Array.from({ length: count }, (_, i) => startMember(options, options.hosts?.[i])),
    );
    const servers = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
    try {
      const failed = started.find((s) => s.status === 'rejected');
      if (failed !== undefined) {
        throw failed.reason;
      }
      const ids = await Promise.all(servers.map((server) => server.text('CLUSTER', 'MYID')));
      const cluster = new TestCluster(servers, ids, primaries);
      await cluster.#form();
      return cluster;
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop()));
      throw error;
    }
  }

  /** The first servers' addresses, `host:port`, as a user would give them as seeds. */
  get seeds(): readonly string[] {
    return this.servers.slice(0, this.primaryCount).map((server) => server.address);
  }

  server(index: number): RealServer {
    const server = this.servers[index];
    if (server === undefined) {
      throw new Error(`no server ${index} in a cluster of ${this.servers.length}`);
    }
    return server;
  }

  nodeId(index: number): string {
    const id = this.#ids[index];
    if (id === undefined) {
      throw new Error(`no server ${index} in a cluster of ${this.#ids.length}`);
    }
    return id;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  async kill(index: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.server(index).kill(signal);
  }

  async restart(index: number): Promise<void> {
    await this.server(index).restart();
  }

  /** Index of the server that owns `slot` in the view of running server `viewer`, or -1. */
  async ownerOf(slot: number, viewer = 0): Promise<number> {
    const nodes = await this.server(viewer).text('CLUSTER', 'NODES');
    const line = nodes.split('\n').find((text) => lineOwns(text, slot));
    return line === undefined ? -1 : this.#ids.indexOf(line.slice(0, 40));
  }

  /** Index of the server that owns each slot in the view of running server `viewer`, or -1. */
  async ownersSeenBy(viewer: number): Promise<readonly number[]> {
    const owners = new Array<number>(SLOT_COUNT).fill(-1);
    for (const line of (await this.server(viewer).text('CLUSTER', 'NODES')).split('\n')) {
      const ranges = line.split(' ').slice(8);
      for (const range of ranges.filter((text) => /^\d/.test(text))) {
        const [first = 0, last = first] = range.split('-').map(Number);
        owners.fill(this.#ids.indexOf(line.slice(0, 40)), first, last + 1);
      }
    }
    return owners;
  }

  /** Opens a slot: `to` imports, then `from` migrates. Keys stay where they are. */
  async openSlot(slot: number, from: number, to: number): Promise<void> {
    await this.server(to).call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', this.nodeId(from));
    await this.server(from).call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', this.nodeId(to));
  }

  /** Moves up to `limit` keys of an open slot and returns how many were moved. */
  async moveKeys(slot: number, from: number, to: number, limit = Infinity): Promise<number> {
    const source = await this.server(from).connect();
    const target = this.server(to);
    let moved = 0;
    try {
      while (moved < limit) {
        const count = Math.min(MIGRATE_BATCH_KEYS, limit - moved);
        const keys = await source.call('CLUSTER', 'GETKEYSINSLOT', slot, count);
        if (!Array.isArray(keys) || keys.length === 0) {
          break;
        }
        await source.call(
          ...['MIGRATE', target.host, target.port, '', 0, MIGRATE_TIMEOUT_MS],
          ...(target.password === undefined ? [] : ['AUTH', target.password]),
          ...['KEYS', ...keys.map(String)],
        );
        moved += keys.length;
      }
    } finally {
      source.close();
    }
    return moved;
  }

  /** Gives the slot to `to`: the target is told first, then the source, then the other primaries. */
  async closeSlot(slot: number, from: number, to: number): Promise<void> {
    const others = this.servers.keys();
    const order = [to, from, ...[...others].filter((i) => i !== to && i !== from)];
    for (const index of order) {
      const server = this.server(index);
      if (server.isRunning && (await isPrimary(server))) {
        await server.call('CLUSTER', 'SETSLOT', slot, 'NODE', this.nodeId(to));
      }
    }
  }

  /** Closes an open slot that stays with its owner. Keys that have left it are out of reach. */
  async keepSlot(slot: number, from: number, to: number): Promise<void> {
    for (const index of [from, to]) {
      await this.server(index).call('CLUSTER', 'SETSLOT', slot, 'STABLE');
    }
  }

  /** A whole classic migration: open, move every key, close. */
  async migrateSlot(slot: number, from: number, to: number): Promise<void> {
    await this.openSlot(slot, from, to);
    await this.moveKeys(slot, from, to);
    await this.closeSlot(slot, from, to);
  }

  /** Has a replica take over from its primary, and waits until it says it is a primary. */
  async failover(replica: number, mode: 'default' | 'force' | 'takeover' = 'default') {
    const server = this.server(replica);
    await server.call('CLUSTER', 'FAILOVER', ...(mode === 'default' ? [] : [mode]));
    await waitFor(`server ${server.address} to be a primary`, () => isPrimary(server));
  }

  /** Waits for the election that makes a replica a primary. */
  async untilPrimary(index: number): Promise<void> {
    const server = this.server(index);
    await waitFor('the replica to be promoted', () => isPrimary(server), { timeoutMs: 30_000 });
  }

  /** A server that replicates `owner` and has all of its data, so that it can be elected. */
  async replicaOf(owner: number): Promise<number> {
    let found = -1;
    await waitFor('the shard to have a replica', async () => {
      const nodes = await this.server(owner).text('CLUSTER', 'NODES');
      const line = nodes
        .split('\n')
        .find((text) => text.includes('slave') && text.includes(this.nodeId(owner)));
      found = this.#ids.findIndex((id) => line?.startsWith(id) === true);
      const info = await this.server(found).text('INFO', 'replication');
      return info.includes('master_link_status:up');
    });
    return found;
  }

  /**
   * Waits until the running servers are done with what happened to them: each says
   * `cluster_state:ok`, all agree on every role and slot, and every replica can be elected. Without
   * the last two, whoever asks a server that is behind kills the wrong one, or one nobody can replace.
   */
  async waitUntilOk(timeoutMs = 20_000): Promise<void> {
    await waitFor('the servers to agree on a healthy cluster', () => this.#isSettled(), {
      timeoutMs,
    });
  }

  async #isSettled(): Promise<boolean> {
    const running = this.servers.filter((server) => server.isRunning);
    const views = await Promise.all(
      running.map(async (server) => ({
        info: await server.text('CLUSTER', 'INFO'),
        nodes: await server.text('CLUSTER', 'NODES'),
        replication: await server.text('INFO', 'replication'),
      })),
    );
    const isHealthy = views.every(
      ({ info, nodes, replication }) =>
        info.includes('cluster_state:ok') &&
        info.includes(`cluster_slots_ok:${SLOT_COUNT}\r\n`) &&
        info.includes(`cluster_known_nodes:${this.servers.length}\r\n`) &&
        !nodes.includes('handshake') &&
        (replication.includes('role:master') || replication.includes('master_link_status:up')),
    );
    return isHealthy && new Set(views.map(({ nodes }) => rolesAndSlots(nodes))).size === 1;
  }

  async #form(): Promise<void> {
    await Promise.all(
      this.servers.map((server, i) => server.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)),
    );
    const boundary = (i: number) => Math.round((i * SLOT_COUNT) / this.primaryCount);
    await Promise.all(
      this.servers
        .slice(0, this.primaryCount)
        .map((server, i) =>
          server.call('CLUSTER', 'ADDSLOTSRANGE', boundary(i), boundary(i + 1) - 1),
        ),
    );
    await this.#meetAll();
    await this.#attachReplicas();
    await this.waitUntilOk();
  }

  /** Every node meets every later one: quicker than waiting for gossip to spread one meeting. */
  async #meetAll(): Promise<void> {
    const calls = this.servers.flatMap((server, i) =>
      this.servers
        .slice(i + 1)
        .map((other) => server.call('CLUSTER', 'MEET', other.host, other.port)),
    );
    await Promise.all(calls);
  }

  async #attachReplicas(): Promise<void> {
    const replicas = this.servers.slice(this.primaryCount);
    await Promise.all(
      replicas.map(async (replica, k) => {
        const primaryId = this.nodeId(k % this.primaryCount);
        // "Unknown node" until gossip has arrived: the error is waited out.
        await waitFor(`${replica.address} to replicate`, async () => {
          return (await replica.call('CLUSTER', 'REPLICATE', primaryId)) === 'OK';
        });
        await waitFor(`${replica.address} to be in sync`, async () =>
          (await replica.text('INFO', 'replication')).includes('master_link_status:up'),
        );
      }),
    );
    const ids = this.#ids.slice(this.primaryCount);
    await Promise.all(
      this.servers.map((server) =>
        waitFor(`${server.address} to know every replica`, async () => {
          const lines = (await server.text('CLUSTER', 'NODES')).split('\n');
          return ids.every((id) => lines.some((l) => l.startsWith(id) && l.includes('slave')));
        }),
      ),
    );
  }
}

/** Who is a primary of which slots, and who replicates whom: the same text from all who agree. */
function rolesAndSlots(nodes: string): string {
  const lines = nodes
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', , flags = '', primary = '', , , , , ...slots] = line.split(' ');
      const role = flags.includes('slave') ? `replicates ${primary}` : 'primary';
      return [id, role, ...slots.filter((range) => /^\d/.test(range))].join(' ');
    });
  return lines.sort().join('\n');
}

function startMember(options: TestClusterOptions, ownHost?: string): Promise<RealServer> {
  const host = ownHost ?? options.host;
  return RealServer.start({
    cluster: true,
    ...(host === undefined ? {} : { host }),
    ...(options.requirepass === undefined ? {} : { requirepass: options.requirepass }),
    extraConfig: {
      'cluster-node-timeout': String(options.nodeTimeoutMs ?? 2_000),
      'cluster-require-full-coverage': 'no',
      'cluster-allow-replica-migration': 'no',
      // Of several loopback addresses the others would see the one that a connection comes from.
      ...(ownHost === undefined ? {} : { 'cluster-announce-ip': ownHost }),
      ...options.extraConfig,
    },
  });
}

async function isPrimary(server: RealServer): Promise<boolean> {
  const role = await server.call('ROLE');
  return Array.isArray(role) && role[0] === 'master';
}

function lineOwns(line: string, slot: number): boolean {
  const ranges = line.split(' ').slice(8);
  return ranges.some((range) => {
    if (range.startsWith('[')) {
      return false;
    }
    const [first = -1, last = first] = range.split('-').map(Number);
    return first <= slot && slot <= last;
  });
}
