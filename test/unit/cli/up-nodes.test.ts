import { expect, test } from 'vitest';
import { localDeployment, upNodes } from '../../../src/cli/up-nodes.js';
import { formatAddress } from '../../../src/config/addresses.js';
import { loadConfig } from '../../../src/config/load.js';
import type { PortProbe } from '../../../src/node/ports.js';
import { fakeEnvironment } from './fake-environment.js';

/** A system that has these addresses; ports in `taken` are somebody else's. */
function system(hosts: readonly string[], taken: readonly string[] = []) {
  return async (host: string, port: number): Promise<PortProbe> => {
    if (!hosts.includes(host)) return 'unavailable';
    return taken.includes(`${host}:${port}`) ? 'in-use' : 'free';
  };
}

const LINUX = system(['127.0.0.1', '127.0.0.2', '127.0.0.3', '::1']);

test('nodes have addresses of their own, and the first is localhost', async () => {
  const nodes = await upNodes(3, 7000, LINUX);
  expect(nodes.map(({ id, listen }) => [id, ...listen.map(formatAddress)])).toEqual([
    ['node1', '127.0.0.1:7000', '[::1]:7000'],
    ['node2', '127.0.0.2:7000'],
    ['node3', '127.0.0.3:7000'],
  ]);
});

test('without ::1, or without a second address', async () => {
  const [first] = await upNodes(1, 7000, system(['127.0.0.1']));
  expect(first?.listen.map(formatAddress)).toEqual(['127.0.0.1:7000']);
  const nodes = await upNodes(3, 7000, system(['127.0.0.1', '::1']));
  expect(nodes.map(({ host, listen }) => [host, ...listen.map(formatAddress)])).toEqual([
    ['127.0.0.1', '127.0.0.1:7000', '[::1]:7000'],
    ['127.0.0.1', '127.0.0.1:7001'],
    ['127.0.0.1', '127.0.0.1:7002'],
  ]);
});

test('a port that somebody has is named', async () => {
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '::1'];
  await expect(upNodes(3, 7000, system(hosts, ['127.0.0.3:7000']))).rejects.toThrow(
    '127.0.0.3:7000 is in use',
  );
});

test('a deployment of nodes with one address has a port for each', async () => {
  const inputs = { flags: { seeds: ['a:1'] }, env: {}, configFile: undefined };
  const loaded = await loadConfig(
    { ...inputs, passwordFromStdin: undefined, form: 'single' },
    fakeEnvironment().resolveConfig,
  );
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  const nodes = await upNodes(2, 7000, system(['127.0.0.1']));
  const config = localDeployment(loaded.config, nodes, ['127.0.0.1:12100']);
  expect(config.hosted).toEqual(['node1', 'node2']);
  expect(config.nodes.map(({ address, port }) => [address, port])).toEqual([
    ['127.0.0.1', undefined],
    ['127.0.0.1', 7001],
  ]);
  expect(config.databases[0]).toMatchObject({
    port: 7000,
    seeds: ['127.0.0.1:12100'],
    endpoints: [
      { node: 'node1', listen: [{ port: 7000 }] },
      { node: 'node2', listen: [{ port: 7001 }] },
    ],
  });
});
