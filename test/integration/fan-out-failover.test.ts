import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProxy } from '../support/proxy.js';
import { waitFor } from '../support/wait.js';

let cluster: TestCluster;
let patient: TestProxy;
let hasty: TestProxy;
beforeAll(async () => {
  cluster = await TestCluster.start({ replicasPerPrimary: 1, nodeTimeoutMs: 1_500 });
  const { seeds } = cluster;
  patient = await TestProxy.start({ seeds });
  hasty = await TestProxy.start({ seeds, args: ['--hold-timeout-ms', '300'] });
});
afterAll(async () => {
  await patient?.stop();
  await hasty?.stop();
  await cluster?.stop();
});

test('commands for all shards wait for a failover, and are answered by the new primary', async () => {
  const client = await patient.connect();
  const keys = Array.from({ length: 60 }, (_, i) => [`key:${i}`, 'v']).flat();
  await client.call('MSET', ...keys);
  expect(await client.call('WAIT', 1, 10_000)).toBe(1);
  await cluster.kill(0);
  const replies = [client.call('DBSIZE'), client.call('KEYS', 'key:1'), client.call('FLUSHALL')];
  expect(await Promise.all(replies)).toEqual([60, ['key:1'], 'OK']);
  expect(await client.call('DBSIZE')).toBe(0);
  expect(await cluster.server(3).call('DBSIZE')).toBe(0);
  client.close();
});

test('a shard that stays away is an error after the hold time-out, and partly executed is told', async () => {
  const client = await hasty.connect();
  await waitFor('the new primary to be known', async () => {
    const reply = await client.call('DBSIZE').catch(String);
    return reply === 0;
  });
  await cluster.kill(3);
  const other = await hasty.connect();
  await expect(client.call('DBSIZE')).rejects.toThrow(/^CLUSTERDOWN no connection to|^CLUSTERDOWN/);
  await expect(other.call('FLUSHALL')).rejects.toThrow(
    /^ERR partly executed: CLUSTERDOWN .*\(1 of 3 servers failed, the others executed it\)$/,
  );
  await expect(other.call('CONFIG', 'SET', 'slowlog-max-len', '99')).rejects.toThrow(/^ERR partly/);
  expect(await cluster.server(1).call('CONFIG', 'GET', 'slowlog-max-len')).toContain('99');
  await cluster.restart(3);
  await waitFor('all shards to answer', async () => {
    const reply = await client.call('DBSIZE').catch(String);
    return reply === 0;
  });
  client.close();
  other.close();
});
