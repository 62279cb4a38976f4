import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { TestCluster } from '../support/cluster.js';
import { NODE_HOSTS } from '../support/deployment.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy } from '../support/proxy.js';
import { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';

/** Processes of two nodes, with a primary beside each. */
const HOSTS = NODE_HOSTS.slice(0, 2);

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ primaries: 2, hosts: HOSTS });
}, 60_000);
afterAll(() => cluster.stop());

const cleanUps = cleanUpsAfterEach();

interface Deployment {
  readonly nodes: readonly TestProxy[];
  readonly port: number;
  /** The process of a node, started again. */
  restart(index: number): Promise<TestProxy>;
}

async function start(settings: Readonly<Record<string, unknown>>): Promise<Deployment> {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-processes-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const port = await findClusterPort();
  const admins = await Promise.all(HOSTS.map(() => findClusterPort()));
  const { shutdownDelayMs = 0, ...own } = settings;
  const file = join(folder, 'slotgate.yaml');
  const text = {
    shutdownDelayMs,
    seeds: cluster.seeds,
    nodes: HOSTS.map((address, index) => {
      return { id: `n${index + 1}`, address, admin: `127.0.0.1:${admins[index]}` };
    }),
    databases: [{ name: 'db', port, endpointRebindGraceMs: 1_000, ...own }],
  };
  writeFileSync(file, JSON.stringify(text));
  const run = async (index: number) => {
    const admin = admins[index] ?? 0;
    const node = await TestProxy.startNode(file, `n${index + 1}`, { data: port, admin });
    cleanUps.push(() => node.stop());
    return node;
  };
  const nodes = await Promise.all(HOSTS.map((_, index) => run(index)));
  return { nodes, port, restart: run };
}

async function listens(index: number, port: number): Promise<boolean> {
  try {
    const client = await TestClient.connect({ host: HOSTS[index] ?? '', port });
    const reply = await client.call('PING');
    client.close();
    return reply === 'PONG';
  } catch {
    return false;
  }
}

test('slots move to the node with the greatest epoch: no client is sent to and fro', async () => {
  const { port } = await start({ mode: 'cluster', proxyPolicy: 'all-nodes' });
  const first = await TestClient.connect({ host: HOSTS[0] ?? '', port });
  const second = await TestClient.connect({ host: HOSTS[1] ?? '', port });
  cleanUps.push(() => first.close());
  cleanUps.push(() => second.close());
  const client = new Cluster([{ host: HOSTS[0] ?? '', port }]);
  client.on('error', () => undefined);
  cleanUps.push(() => client.disconnect());
  const failures: string[] = [];
  let isOver = false;
  const traffic = (async () => {
    for (let i = 0; !isOver; i++) {
      await client.set(`k${i % 300}`, String(i)).catch((error) => failures.push(String(error)));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  // The first move makes the epoch of the target the greatest; the others change no epoch at all.
  const slots = Array.from({ length: 20 }, (_, index) => index);
  for (const slot of slots) await cluster.migrateSlot(slot, 0, 1);
  const lastSlotOf = async (from: TestClient) => {
    const ranges = await from.call('CLUSTER', 'SLOTS');
    const rows = Array.isArray(ranges) ? ranges : [];
    return rows.map((row) => (Array.isArray(row) ? [row[0], row[1], String(row[2])] : []));
  };
  for (const from of [first, second]) {
    await waitFor(
      'both to show where the slots are',
      async () => {
        const [range] = await lastSlotOf(from);
        return range?.[0] === 0 && range[1] === 19 && String(range[2]).includes(HOSTS[1] ?? '');
      },
      { timeoutMs: 5_000 },
    );
  }
  // Both know by now; when the quiet time is over, both say the same.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await expect(first.call('GET', '1bz')).rejects.toThrow(`MOVED 0 ${HOSTS[1]}:${port}`);
  expect(await second.call('GET', '1bz')).toBeNull();
  isOver = true;
  await traffic;
  expect(failures).toEqual([]);
  for (const slot of slots) await cluster.migrateSlot(slot, 1, 0);
});

test('single: the next node takes over from one that dies, and gives back when it lives again', async () => {
  const { nodes, port, restart } = await start({ proxyPolicy: 'single' });
  expect([await listens(0, port), await listens(1, port)]).toEqual([true, false]);
  await nodes[0]?.stop();
  await waitFor('the second node to listen', () => listens(1, port));
  await restart(0);
  await waitFor('the first node to listen', () => listens(0, port));
  await waitFor('the second node to close', async () => !(await listens(1, port)));
});

test('single: a node that is stopped in order is replaced before it closes', async () => {
  const { nodes, port } = await start({ proxyPolicy: 'single', shutdownDelayMs: 5_000 });
  nodes[0]?.signal('SIGTERM');
  await waitFor('the second node to listen', () => listens(1, port));
  expect(await listens(0, port)).toBe(true);
  expect(await nodes[0]?.exited).toBe(0);
});
