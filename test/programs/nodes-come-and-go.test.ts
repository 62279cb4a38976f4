import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { NODE_HOSTS, TestDeployment, type TestDeploymentOptions } from '../support/deployment.js';
import { findClusterPort } from '../support/ports.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';
import {
  openClusterClients,
  openPlainClients,
  runPythonLoad,
  SteadyLoad,
  type StockClient,
} from './support/steady-load.js';

const PER_SECOND = 35;
const [a = '', , c = ''] = NODE_HOSTS;
const cluster = useCluster({ hosts: NODE_HOSTS });

const cleanUps = cleanUpsAfterEach();

function closedLater(clients: readonly StockClient[]): readonly StockClient[] {
  cleanUps.push(() => {
    for (const client of clients) client.close();
  });
  return clients;
}

/** What the process of the third node says of itself while there is one. */
async function adminOf(process: () => TestDeployment | undefined): Promise<number> {
  const port = await findClusterPort();
  const server: Server = createServer((request, response) => {
    const proxy = process()?.proxy;
    response.statusCode = proxy === undefined ? 503 : 200;
    response.end(request.url === '/listening' ? JSON.stringify(proxy?.peerReport() ?? {}) : '');
  });
  await new Promise<void>((resolve) => server.listen(port, a, resolve));
  cleanUps.push(() => server.close());
  return port;
}

test('a node is added and removed, and nobody notices', { timeout: 60_000 }, async () => {
  let third: TestDeployment | undefined;
  const admin = `${a}:${await adminOf(() => third)}`;
  const seeds = cluster().seeds;
  const options: TestDeploymentOptions = {
    // One for those who know clusters, one for the others.
    databases: [
      { seeds, mode: 'cluster', proxyPolicy: 'all-nodes', movedQuietMs: 1_500 },
      { seeds, mode: 'standalone', proxyPolicy: 'all-nodes' },
    ],
    nodes: [{}, {}, { admin }],
  };
  const deployment = await TestDeployment.start({ ...options, hosted: ['node1', 'node2'] });
  cleanUps.push(() => deployment.stop());
  const { ports } = deployment;
  const startThird = async () => {
    third = await TestDeployment.start({ ...options, ports, hosted: ['node3'] });
  };
  const endThird = async () => {
    const ending = third;
    await ending?.proxy.drain({ shutdownDelayMs: 4_000, drainTimeoutMs: 1_000 });
    third = undefined;
    await ending?.stop();
  };
  cleanUps.push(() => third?.stop());
  const viewer = await deployment.connect(1);
  const isShown = async () => JSON.stringify(await viewer.call('CLUSTER', 'SLOTS')).includes(c);
  await waitFor('the third node to count as down', async () => !(await isShown()));

  const [aware, plain] = ports.map((port) => ({ host: a, port }));
  if (aware === undefined || plain === undefined) throw new Error('two databases have two ports');
  const load = new SteadyLoad(closedLater(await openClusterClients(aware)), 'n:', PER_SECOND);
  const python = [
    runPythonLoad('cluster', aware, 'n:', PER_SECOND),
    runPythonLoad('plain', plain, 'n:', PER_SECOND),
  ];
  await startThird();
  await waitFor('it to be shown', isShown);
  // These reconnect when it goes, and wait for it to come back.
  const there = closedLater(await openPlainClients({ ...plain, host: c }));
  const plainLoad = new SteadyLoad(there, 'p:', PER_SECOND);
  await sleep(3_000);
  expect(await third?.counted('slotgate_requests_total')).toBeGreaterThan(50);
  await endThird();
  expect(await isShown()).toBe(false);
  await startThird();
  await waitFor('it to be shown again', isShown);
  await sleep(2_000);
  const outcomes = await Promise.all([load.stop(), plainLoad.stop()]);
  const client = await deployment.connect(1, 1);
  await client.call('SET', 'n:stop', '1');
  expect(await Promise.all(python)).toEqual(['', '']);
  expect(outcomes.map(({ failures }) => failures)).toEqual([[], []]);
  for (const { executed } of outcomes) {
    const counts = await client.call('MGET', ...executed.keys());
    expect(counts).toEqual([...executed.values()].map(({ most }) => String(most)));
  }
});
