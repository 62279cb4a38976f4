import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { DatabasePlacement, type PlacementPlane } from '../../../src/proxy/database-placement.js';
import { PATIENCE_MS } from '../../../src/proxy/late-peers.js';
import { Nodes } from '../../../src/proxy/nodes.js';
import { cleanUpsAfterEach } from '../../support/clean-ups.js';
import { deploymentConfig, NODE_HOSTS } from '../../support/deployment.js';
import { FakeClock } from '../../support/fake-clock.js';
import { findClusterPort } from '../../support/ports.js';
import { topologyOf } from '../../support/topology.js';

const ADMIN_PORT = 12_091;
const [FIRST = '', SECOND = ''] = NODE_HOSTS;

const cleanUps = cleanUpsAfterEach();

/** A cluster of one primary on that machine. */
function primaryAt(host: string) {
  return topologyOf(`<a> ${host}:7000@1 myself,master - 0 0 5 connected 0-16383`);
}

class FakePlane implements PlacementPlane {
  /** What clients were sent without having asked, of any kind. */
  readonly notices: string[] = [];
  listen() {}
  async stopListening() {}
  setPresentations() {}
  total() {
    return 0;
  }
  notify(_audience: unknown, _kind: number, frame: Buffer) {
    this.notices.push(frame.toString());
  }
  letLeave() {}
  makeLeave() {}
  letStay() {}
  async countClients() {
    return 0;
  }
  async closeClients() {
    return 0;
  }
  async listClients() {
    return [];
  }
}

/** The first two nodes of a deployment, in one process or more, all over one clock. */
class Scene {
  readonly clock = new FakeClock();
  readonly #processes: TestProcess[] = [];
  readonly #policy: string;
  readonly #port: number;

  private constructor(policy: string, port: number) {
    this.#policy = policy;
    this.#port = port;
  }

  static async begin(policy: string): Promise<Scene> {
    return new Scene(policy, await findClusterPort());
  }

  async process(...hosted: readonly string[]): Promise<TestProcess> {
    const config = await deploymentConfig(
      {
        databases: [{ seeds: ['127.0.0.1:7000'], proxyPolicy: this.#policy }],
        nodes: NODE_HOSTS.map((host) => ({ admin: `${host}:${ADMIN_PORT}` })),
        hosted,
      },
      [this.#port],
    );
    const ask = async (host: string) => {
      const asked = this.#processes.find(({ hosts }) => hosts.includes(host));
      if (asked === undefined) throw new Error('refused');
      return asked.report();
    };
    const added = new TestProcess({ config, clock: this.clock, ask });
    this.#processes.push(added);
    cleanUps.push(() => added.stop());
    return added;
  }

  /** Somebody else has the port there until the returned function is called. */
  async occupy(host: string): Promise<() => Promise<void>> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(this.#port, host, resolve));
    const leave = () => new Promise<void>((resolve) => void server.close(() => resolve()));
    cleanUps.push(leave);
    return leave;
  }
}

interface TestProcessOptions {
  readonly config: Awaited<ReturnType<typeof deploymentConfig>>;
  readonly clock: FakeClock;
  readonly ask: (host: string) => Promise<Awaited<ReturnType<TestProcess['report']>>>;
}

class TestProcess {
  readonly hosts: readonly string[];
  readonly nodes: Nodes;
  readonly plane = new FakePlane();
  /** What the servers have loaded. */
  modules: readonly string[] = [];
  readonly placement: DatabasePlacement;
  readonly #monitor = {
    topology: primaryAt(FIRST),
    watch: () => undefined,
    requestRefresh: () => undefined,
  };

  constructor({ config, clock, ask }: TestProcessOptions) {
    const [database] = config.databases;
    if (database === undefined) throw new Error('no database');
    const hosted = config.nodes.filter(({ id }) => config.hosted.includes(id));
    this.hosts = hosted.map(({ address }) => address);
    this.nodes = new Nodes(config.nodes.slice(0, 2), {
      hosted: config.hosted,
      clock,
      log: SILENT_LOGGER,
      ask: ({ host }) => ask(host),
      changed: () => void this.placement.update(),
    });
    this.placement = new DatabasePlacement(database, {
      id: 0,
      plane: this.plane,
      nodes: this.nodes,
      clock,
      log: SILENT_LOGGER,
      monitor: this.#monitor,
      unblockThose: async () => undefined,
      mayBlock: () => undefined,
      modules: () => this.modules,
    });
    this.nodes.start();
  }

  async report() {
    const { endpoints } = this.placement;
    const open = endpoints.entries().filter(([, { state }]) => state === 'listening');
    return {
      listening: Object.fromEntries(open.map(([node]) => [node, ['db1']])),
      isLeaving: this.nodes.isEnding,
    };
  }

  state(node: string) {
    return this.placement.endpoints.of(node)?.state;
  }

  /** Which nodes clients are told of. */
  get shown() {
    return this.placement.presenter.situation?.listening;
  }

  failOver(host: string): void {
    this.#monitor.topology = primaryAt(host);
    void this.placement.update();
  }

  async stop(): Promise<void> {
    this.nodes.stop();
    this.placement.stop();
    await this.placement.shut();
  }
}

describe('two processes', () => {
  test('the one that is about to end is replaced at once, while it still has clients', async () => {
    const scene = await Scene.begin('single');
    const [a, b] = [await scene.process('node1'), await scene.process('node2')];
    await Promise.all([a.placement.open(), b.placement.open()]);
    await scene.clock.advance(1_000);
    expect([a.state('node1'), b.state('node2'), b.shown]).toEqual([
      'listening',
      'closed',
      ['node1'],
    ]);
    a.nodes.end();
    expect(a.shown).toEqual(['node1']);
    await scene.clock.advance(2_000);
    expect([a.state('node1'), b.state('node2')]).toEqual(['listening', 'listening']);
    expect([a.shown, b.shown]).toEqual([['node2'], ['node2']]);
  });

  test('one that cannot listen is replaced until it can', async () => {
    const scene = await Scene.begin('single');
    const leave = await scene.occupy(FIRST);
    const [a, b] = [await scene.process('node1'), await scene.process('node2')];
    await expect(a.placement.open()).rejects.toThrow('in use');
    await b.placement.open();
    await scene.clock.advance(PATIENCE_MS - 1);
    expect(b.state('node2')).toBe('closed');
    await scene.clock.advance(1);
    expect([b.state('node2'), b.shown]).toEqual(['listening', ['node2']]);
    await leave();
    await scene.clock.advance(2_000);
    expect([a.state('node1'), b.state('node2'), b.shown]).toEqual([
      'listening',
      'grace',
      ['node1'],
    ]);
  });

  test('a node that takes over is shown when it listens, and the former one until then', async () => {
    const scene = await Scene.begin('all-master-shards');
    const [a, b] = [await scene.process('node1'), await scene.process('node2')];
    await Promise.all([a.placement.open(), b.placement.open()]);
    await scene.clock.advance(1_000);
    expect([a.shown, b.shown]).toEqual([['node1'], ['node1']]);
    a.failOver(SECOND);
    await scene.clock.advance(3_000);
    expect([a.shown, a.state('node1')]).toEqual([['node1'], 'listening']);
    b.failOver(SECOND);
    await scene.clock.advance(1_000);
    expect([a.shown, a.state('node1'), b.state('node2')]).toEqual([
      ['node2'],
      'grace',
      'listening',
    ]);
  });
});

describe('one process with two nodes', () => {
  test('shows an endpoint as soon as it could be opened', async () => {
    const scene = await Scene.begin('all-nodes');
    const leave = await scene.occupy(SECOND);
    const both = await scene.process('node1', 'node2');
    await both.placement.open();
    expect(both.shown).toEqual(['node1']);
    await leave();
    await scene.clock.advance(1_000);
    expect([both.state('node2'), both.shown]).toEqual(['listening', ['node1', 'node2']]);
  });

  test('at its end sends nobody to an endpoint that ends as well', async () => {
    const scene = await Scene.begin('all-nodes');
    const both = await scene.process('node1', 'node2');
    await both.placement.open();
    both.nodes.end();
    both.placement.announceEnd(5);
    expect(both.plane.notices.length).toBeGreaterThan(0);
    expect(both.plane.notices.filter((frame) => frame.includes('127.0.0.'))).toEqual([]);
  });
});

describe('a module that cannot be used in mode cluster', () => {
  const CLUSTER = { mode: 'cluster', policy: 'all-nodes' } as const;

  test('refuses the mode, and says which module it is', async () => {
    const scene = await Scene.begin('all-nodes');
    const both = await scene.process('node1', 'node2');
    both.modules = ['vectorset', 'timeseries'];
    await both.placement.open();
    const outcome = both.placement.change(CLUSTER);
    const message = expect.stringContaining("the module 'timeseries'");
    expect(outcome).toEqual({
      kind: 'refused',
      problems: [{ code: 'invalid_oss_cluster_configuration', message }],
    });
    expect(both.placement.settings.mode).toBe('standalone');
    both.modules = ['vectorset'];
    expect(both.placement.change(CLUSTER).kind).toBe('applied');
  });

  test('keeps a database from being served in it', async () => {
    const scene = await Scene.begin('all-nodes');
    const both = await scene.process('node1', 'node2');
    expect(both.placement.change(CLUSTER).kind).toBe('applied');
    both.modules = ['rg'];
    await expect(both.placement.open()).rejects.toMatchObject({ code: 'placement_refused' });
    expect(both.state('node1')).not.toBe('listening');
  });
});
