import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { RealServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const KEY_AND_SLOT = { key: '{user}1', slot: 5474 };

describe('test cluster', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start({ replicasPerPrimary: 1, requirepass: 's3cret' });
  });
  afterAll(async () => {
    await cluster.stop();
  });

  test('moves a slot with its keys', async () => {
    const { key, slot } = KEY_AND_SLOT;
    const from = await cluster.ownerOf(slot);
    const to = (from + 1) % 3;
    await cluster.server(from).call('SET', key, 'v');
    await cluster.migrateSlot(slot, from, to);
    expect(await cluster.ownerOf(slot, from)).toBe(to);
    expect(await cluster.server(to).call('GET', key)).toBe('v');
    await expect(cluster.server(from).call('GET', key)).rejects.toThrow('MOVED');
  });

  test('kills and restarts a server, and its replica takes over', async () => {
    await cluster.kill(0);
    const replica = cluster.server(3);
    await waitFor('the replica to be promoted', async () => {
      const role = await replica.call('ROLE');
      return Array.isArray(role) && role[0] === 'master';
    });
    await cluster.restart(0);
    await cluster.waitUntilOk();
    expect(await cluster.ownerOf(0, 0)).toBe(3);
  });
});

test('a stand-alone server starts, keeps its port over a restart and stops', async () => {
  const server = await RealServer.start({ extraConfig: { appendonly: 'yes' } });
  await server.call('SET', 'k', 'v');
  const { pid, port } = server;
  await server.restart();
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  expect(await server.call('GET', 'k')).toBe('v');
  await server.stop();
  expect(server.isRunning).toBe(false);
});
