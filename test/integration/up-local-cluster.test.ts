import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SILENT_LOGGER } from '../../src/log/logger.js';
import { LocalCluster, type LocalClusterOptions } from '../../src/node/local-cluster.js';
import { ControlConnection, NO_CREDENTIALS, parseSeed } from '../../src/shards/index.js';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { waitFor } from '../support/wait.js';

const cleanUps = cleanUpsAfterEach();

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-test-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(options: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> {
  const cluster = await LocalCluster.start({
    primaries: undefined,
    replicasPerPrimary: undefined,
    directory: undefined,
    nodes: ['127.0.0.1'],
    placement: 'dense',
    movesServers: false,
    log: SILENT_LOGGER,
    ...options,
  });
  cleanUps.push(() => cluster.stop());
  return cluster;
}

async function call(address: string, ...args: string[]): Promise<string> {
  const connection = await ControlConnection.open({
    endpoint: parseSeed(address).endpoint,
    credentials: NO_CREDENTIALS,
    connectTimeoutMs: 2_000,
  });
  try {
    const reply = await connection.call(args);
    return reply.kind === 'string' ? reply.bytes.toString() : JSON.stringify(reply);
  } finally {
    connection.close();
  }
}

const answers = (address: string) =>
  call(address, 'PING').then(
    () => true,
    () => false,
  );

/** Writes through whichever server owns the key's slot. */
async function onOwner(cluster: LocalCluster, ...args: string[]): Promise<string> {
  for (const address of cluster.addresses) {
    const reply = await call(address, ...args);
    if (!reply.includes('MOVED')) return reply;
  }
  throw new Error('nobody owns the slot');
}

test('a new cluster works, keeps its data over a restart, and is locked meanwhile', async () => {
  const directory = temporaryFolder();
  const first = await start({ directory });
  expect(first.addresses).toHaveLength(6);
  expect(await onOwner(first, 'SET', 'greeting', 'hello')).toBe('OK');
  const nodes = (await call(first.addresses[0] ?? '', 'CLUSTER', 'NODES')).trim().split('\n');
  expect(nodes.filter((line) => / (myself,)?slave /.test(line))).toHaveLength(3);

  await expect(start({ directory })).rejects.toMatchObject({ code: 'data_directory_in_use' });

  await cleanUps.pop()?.();
  expect(await Promise.all(first.addresses.map(answers))).not.toContain(true);

  const second = await start({ directory });
  expect(second.addresses).toEqual(first.addresses);
  expect(await onOwner(second, 'GET', 'greeting')).toBe('hello');
});

test('a server whose port was taken meanwhile moves and finds its cluster again', async () => {
  const directory = temporaryFolder();
  const first = await start({ directory, primaries: 2, replicasPerPrimary: 1 });
  expect(await onOwner(first, 'SET', 'k', 'v')).toBe('OK');
  await cleanUps.pop()?.();
  const taken = Number(first.addresses[0]?.split(':')[1]);
  const squatter = createServer().listen(taken, '127.0.0.1');
  await once(squatter, 'listening');
  cleanUps.push(() => {
    squatter.close();
  });
  const second = await start({ directory });
  expect(second.addresses[0]).not.toBe(first.addresses[0]);
  expect(second.addresses.slice(1)).toEqual(first.addresses.slice(1));
  expect(await onOwner(second, 'GET', 'k')).toBe('v');
});

test('another shape than the directory holds is refused', async () => {
  const directory = temporaryFolder();
  await start({ directory, primaries: 1, replicasPerPrimary: 0 });
  await cleanUps.pop()?.();
  await expect(start({ directory, primaries: 2 })).rejects.toMatchObject({
    code: 'data_directory_mismatch',
  });
});

test('an ephemeral cluster leaves nothing behind, and its servers see no setting of ours', async () => {
  process.env.SLOTGATE_UPSTREAM_PASSWORD = 'secret';
  cleanUps.push(() => {
    delete process.env.SLOTGATE_UPSTREAM_PASSWORD;
  });
  const cluster = await start({ primaries: 1, replicasPerPrimary: 0 });
  const info = await call(cluster.addresses[0] ?? '', 'INFO', 'server');
  const pid = /process_id:(\d+)/.exec(info)?.[1];
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('SLOTGATE_');
  expect(existsSync(cluster.directory)).toBe(true);
  await cleanUps.pop()?.();
  expect(existsSync(cluster.directory)).toBe(false);
});

test('a server that cannot start is named with the end of its log', async () => {
  const program = { path: '/bin/false', env: {} };
  await expect(start({ program, primaries: 1, replicasPerPrimary: 0 })).rejects.toMatchObject({
    code: 'server_exited',
    message: expect.stringContaining('server-1/server.log'),
  });
});

test('kill -9 of the process that started the servers ends them, with their data kept', async () => {
  const directory = temporaryFolder();
  const script = `
    import { LocalCluster } from '${new URL('../../dist/node/local-cluster.js', import.meta.url)}';
    import { SILENT_LOGGER } from '${new URL('../../dist/log/logger.js', import.meta.url)}';
    const cluster = await LocalCluster.start({
      directory: process.argv[1], primaries: 1, replicasPerPrimary: 1, log: SILENT_LOGGER,
      nodes: ['127.0.0.1'], placement: 'dense', movesServers: false,
    });
    console.log(cluster.addresses.join(' '));
    setInterval(() => {}, 1000);
  `;
  const args = ['--input-type=module', '-e', script, directory];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUps.push(() => {
    parent.kill('SIGKILL');
  });
  const [line] = await once(parent.stdout, 'data');
  const addresses = String(line).trim().split(' ');
  expect(await Promise.all(addresses.map(answers))).toEqual([true, true]);
  expect(await call(addresses[0] ?? '', 'SET', 'k', 'v')).toBe('OK');
  parent.kill('SIGKILL');
  await waitFor('the servers to end', async () => {
    return (await Promise.all(addresses.map(answers))).every((alive) => !alive);
  });
  const next = await start({ directory });
  expect(await call(next.addresses[0] ?? '', 'GET', 'k')).toBe('v');
});

/** Hosts of the servers, in the order of their indexes. */
function hostsOf({ addresses }: LocalCluster): readonly string[] {
  return addresses.map((address) => address.split(':')[0] ?? '');
}

test('servers are spread over nodes, and move with their data when that is asked for', async () => {
  const directory = temporaryFolder();
  const nodes = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  const first = await start({ directory, nodes, placement: 'sparse' });
  expect(hostsOf(first)).toEqual([...nodes, '127.0.0.2', '127.0.0.3', '127.0.0.1']);
  const seen = await call(first.addresses[0] ?? '', 'CLUSTER', 'NODES');
  for (const address of first.addresses) expect(seen).toContain(`${address}@`);
  expect(await onOwner(first, 'SET', 'greeting', 'hello')).toBe('OK');
  await cleanUps.pop()?.();

  const same = await start({ directory, nodes, placement: 'dense' });
  expect(same.addresses).toEqual(first.addresses);
  await cleanUps.pop()?.();

  const moved = await start({ directory, nodes, placement: 'dense', movesServers: true });
  expect(hostsOf(moved)).toEqual([...Array(3).fill('127.0.0.1'), ...Array(3).fill('127.0.0.2')]);
  expect(await onOwner(moved, 'GET', 'greeting')).toBe('hello');
});

test('a directory of before there were nodes is used as it is', async () => {
  const directory = temporaryFolder();
  const first = await start({ directory, primaries: 1, replicasPerPrimary: 1 });
  expect(await onOwner(first, 'SET', 'k', 'v')).toBe('OK');
  await cleanUps.pop()?.();
  const path = join(directory, 'cluster.json');
  const { nodes: _nodes, places: _places, ...old } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(old));
  const nodes = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  const second = await start({ directory, nodes, placement: 'sparse' });
  expect(second.addresses).toEqual(first.addresses);
  expect(await onOwner(second, 'GET', 'k')).toBe('v');
});
