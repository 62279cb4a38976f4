import { Cluster } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { NODE_HOSTS, TestDeployment } from '../support/deployment.js';
import { RawClient } from '../support/raw-client.js';
import { waitFor } from '../support/wait.js';

/** Three shards, a primary on each node, its replica on the next one. */
let cluster: TestCluster;
beforeAll(async () => {
  const [a = '', b = '', c = ''] = NODE_HOSTS;
  cluster = await TestCluster.start({ replicasPerPrimary: 1, hosts: [a, b, c, b, c, a] });
}, 60_000);
afterAll(() => cluster.stop());

const cleanUps: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await cluster.waitUntilOk();
});

async function start(settings: Readonly<Record<string, unknown>>): Promise<TestDeployment> {
  const times = { endpointRebindGraceMs: 3_000, movedQuietMs: 500 };
  const deployment = await TestDeployment.start({
    databases: [{ seeds: cluster.seeds, ...times, ...settings }],
    process: { drainTimeoutMs: 2_000 },
  });
  cleanUps.push(() => deployment.stop());
  return deployment;
}

/** Writes and reads about 200 times a second, until it is stopped; every failure is kept. */
class Traffic {
  readonly failures: string[] = [];
  requests = 0;
  #isOver = false;
  readonly #running: Promise<void>;

  constructor(once: (round: number) => Promise<unknown>) {
    this.#running = this.#run(once);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(once: (round: number) => Promise<unknown>): Promise<void> {
    const unanswered = new Set<Promise<void>>();
    for (let round = 0; !this.#isOver; round++) {
      const request = once(round).then(
        () => {
          this.requests++;
        },
        (error: unknown) => {
          this.failures.push(String(error));
        },
      );
      unanswered.add(request);
      void request.finally(() => unanswered.delete(request));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(unanswered);
  }
}

async function state(deployment: TestDeployment, node: number): Promise<string | undefined> {
  return (await deployment.proxy.deployment.endpoints())[node - 1]?.state;
}

describe('maintenance notices', () => {
  test('MOVING is told at the beginning of the grace, and names an endpoint that is open', async () => {
    const deployment = await start({ proxyPolicy: 'all-nodes' });
    const port = deployment.ports[0] ?? 0;
    const client = await RawClient.connect({ host: NODE_HOSTS[2] ?? '', port });
    cleanUps.push(() => client.close());
    client.send('HELLO 3\r\nCLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type internal-ip\r\n');
    await waitFor('the answer', () => client.text.endsWith('+OK\r\n'));
    deployment.proxy.deployment.change('db1', { policy: 'single' });
    const text = `127.0.0.1:${port}`;
    // The second endpoint that is retired.
    const push = `>4\r\n$6\r\nMOVING\r\n:2\r\n:3\r\n$${text.length}\r\n${text}\r\n`;
    await waitFor('the notice', () => client.text.endsWith(push));
    expect(await state(deployment, 3)).toBe('grace');
  });

  test('node-redis goes where it is told to, and no request of it fails', async () => {
    const deployment = await start({ proxyPolicy: 'all-nodes' });
    const port = deployment.ports[0] ?? 0;
    const client = createClient({ RESP: 3, socket: { host: NODE_HOSTS[2] ?? '', port } });
    const errors: string[] = [];
    client.on('error', (error: Error) => errors.push(error.message));
    await client.connect();
    cleanUps.push(() => client.destroy());
    const traffic = new Traffic((round) => client.set(`maint:${round % 50}`, String(round)));
    deployment.proxy.deployment.change('db1', { policy: 'single' });
    await waitFor('the endpoint to close', async () => (await state(deployment, 3)) === 'closed');
    const before = traffic.requests;
    await waitFor('requests afterwards', () => traffic.requests > before + 20);
    await traffic.stop();
    expect([traffic.failures, errors]).toEqual([[], []]);
  });
});

describe('cluster clients in mode cluster', () => {
  const POLICIES = ['all-master-shards', 'all-nodes'] as const;

  /** Everything that may happen while the mode stays: policies, failovers, slot moves. */
  async function disturb({ proxy }: TestDeployment): Promise<void> {
    for (const policy of POLICIES) {
      expect(proxy.deployment.change('db1', { policy })).toMatchObject({ kind: 'applied' });
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    for (const slot of [0, 1, 2, 3]) {
      const from = await cluster.ownerOf(slot);
      const to = await cluster.ownerOf(16_383);
      if (from !== to) await cluster.migrateSlot(slot, from, to);
    }
    const replica = await cluster.replicaOf(await cluster.ownerOf(8_000));
    await cluster.failover(replica);
    await cluster.waitUntilOk();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
  }

  test('ioredis: no request fails, and no redirect is left when all is quiet', async () => {
    const deployment = await start({ mode: 'cluster' });
    const port = deployment.ports[0] ?? 0;
    const client = new Cluster([{ host: '127.0.0.1', port }]);
    cleanUps.push(() => client.disconnect());
    client.on('error', () => undefined);
    const traffic = new Traffic((round) => client.set(`io:${round % 500}`, String(round)));
    await waitFor('traffic', () => traffic.requests > 100);
    await disturb(deployment);
    const before = traffic.requests;
    await waitFor('requests afterwards', () => traffic.requests > before + 600);
    const moved = await movedAnswers(deployment);
    const quiet = traffic.requests;
    await waitFor('a quiet time', () => traffic.requests > quiet + 400);
    expect(await movedAnswers(deployment)).toBe(moved);
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
  });

  test.each([2, 3] as const)('node-redis, RESP%i: no request fails', async (RESP) => {
    const deployment = await start({ mode: 'cluster' });
    const port = deployment.ports[0] ?? 0;
    const client = createCluster({ RESP, rootNodes: [{ socket: { host: '127.0.0.1', port } }] });
    client.on('error', () => undefined);
    await client.connect();
    cleanUps.push(() => client.destroy());
    const traffic = new Traffic((round) => client.set(`nr:${round % 500}`, String(round)));
    await waitFor('traffic', () => traffic.requests > 100);
    await disturb(deployment);
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
  });

  async function movedAnswers({ proxy }: TestDeployment): Promise<number> {
    const { counters } = await proxy.metrics();
    const answers = counters.filter(({ name }) => name === 'slotgate_moved_answered_total');
    expect(answers).not.toEqual([]);
    return answers.reduce((sum, { value }) => sum + value, 0);
  }
});

test('20 changes of mode and policy: a plain client and those of each mode go on', async () => {
  const deployment = await start({ proxyPolicy: 'all-nodes' });
  const port = deployment.ports[0] ?? 0;
  const { deployment: live } = deployment.proxy;
  const plain = createClient({ RESP: 2, socket: { host: '127.0.0.1', port } });
  plain.on('error', () => undefined);
  await plain.connect();
  cleanUps.push(() => plain.destroy());
  const traffics = [
    new Traffic(async (round) => {
      // Over several slots, which only a loose mode lets pass.
      await plain.mSet({ [`a${round % 90}`]: 'x', [`b${round % 90}`]: 'y' });
      return plain.mGet(['a1', 'b1', 'c1']);
    }),
  ];
  const modes = ['cluster', 'standalone', 'direct', 'auto', 'cluster'] as const;
  const policies = ['all-nodes', 'all-master-shards'] as const;
  for (let i = 0; i < 20; i++) {
    const mode = modes[i % modes.length] ?? 'standalone';
    const policy = policies[i % policies.length] ?? 'all-nodes';
    expect(live.change('db1', { mode, policy })).toMatchObject({ kind: 'applied' });
    if (i === 0) {
      const aware = new Cluster([{ host: '127.0.0.1', port }]);
      aware.on('error', () => undefined);
      cleanUps.push(() => aware.disconnect());
      traffics.push(new Traffic((round) => aware.set(`aware:${round % 500}`, String(round))));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await Promise.all(traffics.map((traffic) => traffic.stop()));
  expect(traffics.map(({ failures }) => failures)).toEqual([[], []]);
  expect(Math.min(...traffics.map(({ requests }) => requests))).toBeGreaterThan(100);
});
