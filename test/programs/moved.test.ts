import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NODE_HOSTS } from '../support/deployment.js';
import { findClusterPort } from '../support/ports.js';
import { TestProxy } from '../support/proxy.js';
import { TestClient } from '../support/resp-client.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';
import { CLUSTER_LIBRARIES } from './support/cluster-libraries.js';

const QUIET_MS = 2_000;
/** Whose slots move: 12182 and 5061. */
const KEYS = ['foo', 'bar'];
const SLOTS = [12_182, 5_061];

/** Two primaries, and a process of `slotgate node` beside each. */
const HOSTS = NODE_HOSTS.slice(0, 2);
const cluster = useCluster({ primaries: 2, hosts: HOSTS });

const folder = mkdtempSync(join(tmpdir(), 'slotgate-test-'));
const nodes: TestProxy[] = [];
let port = 0;
beforeAll(async () => {
  const file = join(folder, 'slotgate.yaml');
  const admins = await Promise.all(HOSTS.map(() => findClusterPort()));
  port = await findClusterPort();
  const settings = {
    seeds: cluster().seeds,
    nodes: HOSTS.map((address, i) => ({
      id: `n${i + 1}`,
      address,
      admin: `127.0.0.1:${admins[i]}`,
    })),
    databases: [
      { name: 'db', port, mode: 'cluster', proxyPolicy: 'all-nodes', movedQuietMs: QUIET_MS },
    ],
  };
  writeFileSync(file, JSON.stringify(settings));
  nodes.push(
    ...(await Promise.all(
      admins.map((admin, i) => TestProxy.startNode(file, `n${i + 1}`, { data: port, admin })),
    )),
  );
  // Processes that start together hear of each other a moment later.
  await waitFor('both to be shown by both', async () => {
    const shown = await Promise.all(HOSTS.map(shownOn));
    return shown.every((text) => HOSTS.every((host) => text.includes(host)));
  });
  await sleep(QUIET_MS);
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(folder, { recursive: true });
});

async function shownOn(host: string): Promise<string> {
  const client = await TestClient.connect({ host, port });
  const slots = await client.call('CLUSTER', 'SLOTS');
  client.close();
  return JSON.stringify(slots);
}

async function movedCount(): Promise<number> {
  const counts = nodes.map((node) => node.metric('slotgate_moved_answered_total'));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

test.each(CLUSTER_LIBRARIES)(
  '$name is never sent elsewhere while nothing moves',
  async (library) => {
    const client = await library.open(port);
    const before = await movedCount();
    const keys = Array.from({ length: 2_000 }, (_, i) => `${library.name}:${i}`);
    await Promise.all(keys.map((key) => client.call(key, 'SET', key, '')));
    expect(await movedCount()).toBe(before);
    await client.close();
  },
);

test('while slots move back and forth, nobody is sent in circles', async () => {
  const clients = new Map(
    await Promise.all(
      HOSTS.map(async (host) => [host, await TestClient.connect({ host, port })] as const),
    ),
  );
  let isOver = false;
  let done = 0;
  const most = new Map<string, number>();
  /** How many requests were sent elsewhere how often. */
  const byHops: number[] = [];
  /** Asks at any node, and follows MOVED. */
  const increment = async (key: string, first: string) => {
    let host = first;
    for (let hops = 0; ; hops++) {
      const reply = await clients
        .get(host)
        ?.call('INCR', key)
        .catch((error: Error) => error.message);
      if (typeof reply === 'number') {
        byHops[hops] = (byHops[hops] ?? 0) + 1;
        most.set(key, Math.max(most.get(key) ?? 0, reply));
        done++;
        return;
      }
      const [, target = ''] = /^MOVED \d+ (.*):\d+$/.exec(String(reply)) ?? [];
      expect([...clients.keys()], String(reply)).toContain(target);
      host = target;
    }
  };
  const work = KEYS.flatMap((key) =>
    HOSTS.map(async (host) => {
      while (!isOver) {
        await increment(key, host);
        await sleep(2);
      }
    }),
  );
  for (let round = 0; round < 4; round++) {
    for (const slot of SLOTS) {
      const from = await cluster().ownerOf(slot);
      await cluster().migrateSlot(slot, from, 1 - from);
    }
    // Once while it is still quiet, once after.
    await sleep(round % 2 === 0 ? 500 : QUIET_MS + 1_500);
  }
  isOver = true;
  await Promise.all(work);
  expect(byHops).toHaveLength(2);
  expect(byHops[1]).toBeGreaterThan(0);
  // Each was executed once.
  expect([...most.values()].reduce((sum, count) => sum + count, 0)).toBe(done);
  for (const one of clients.values()) one.close();
});
