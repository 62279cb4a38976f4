import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { NODE_HOSTS, TestDeployment } from '../support/deployment.js';
import { runProgram } from '../support/programs.js';
import { serverPaths } from '../support/servers.js';
import { useCluster } from '../support/use-cluster.js';
import { CLUSTER_LIBRARIES } from './support/cluster-libraries.js';

const DOCUMENT = fileURLToPath(new URL('../../docs/placement.md', import.meta.url));
const HEADING = '## What clients see';
const KEYS = Array.from({ length: 30 }, (_, i) => `key:${i}`);
const { redisCli, redisBenchmark, env } = serverPaths();

/** Two primaries on the first node, one on the second, none on the third. */
const [a = '', b = ''] = NODE_HOSTS;
const cluster = useCluster({ hosts: [a, a, b] });

const deployments: TestDeployment[] = [];
afterEach(() => Promise.all(deployments.splice(0).map((deployment) => deployment.stop())));

/** What the table of the document says of a mode and a policy, by its column. */
interface Row {
  readonly mode: string;
  readonly policy: string;
  readonly cells: Readonly<Record<string, string>>;
}

const rows = readTable(readFileSync(DOCUMENT, 'utf8'));

function readTable(document: string): readonly Row[] {
  const section = document.slice(document.indexOf(HEADING));
  const lines = /\n\|[\s\S]*?\n\n/.exec(section)?.[0].trim().split('\n') ?? [];
  const [header = [], , ...body] = lines.map((line) =>
    line.split('|').map((cell) => cell.trim().replaceAll('`', '')),
  );
  return body.map((cells) => {
    const entries = cells.map((cell, i): [string, string] => [header[i] ?? '', cell]);
    const { mode = '', policy = '', ...rest } = Object.fromEntries(entries);
    return { mode, policy, cells: Object.fromEntries(Object.entries(rest).filter(([k]) => k)) };
  });
}

/** How each column of the table is found out. */
const OBSERVERS: Readonly<Record<string, (deployment: TestDeployment) => Promise<string>>> = {
  'open on': async (deployment) => (await deployment.openOn()).join(', '),
  'plain client': seenByPlainClient,
  'cluster client, RESP2': (deployment) =>
    seenByLibrary('node-redis createCluster, RESP2', deployment),
  'cluster client, RESP3': (deployment) =>
    seenByLibrary('node-redis createCluster, RESP3', deployment),
  'redis-cli': (deployment) => seenByRedisCli(deployment, []),
  'redis-cli -c': (deployment) => seenByRedisCli(deployment, ['-c']),
  'redis-benchmark': (deployment) => seenByBenchmark(deployment, []),
  'redis-benchmark --cluster': (deployment) => seenByBenchmark(deployment, ['--cluster']),
};

test('the table has all modes, policies and kinds of clients', () => {
  const modes = ['standalone', 'cluster', 'direct', 'auto'];
  const policies = ['single', 'all-master-shards', 'all-nodes'];
  expect(rows.map(({ mode, policy }) => `${mode} ${policy}`)).toEqual(
    modes.flatMap((mode) => policies.map((policy) => `${mode} ${policy}`)),
  );
  for (const { cells } of rows) expect(Object.keys(cells)).toEqual(Object.keys(OBSERVERS));
});

const start = async (mode: string, policy: string) => {
  const entry = { seeds: cluster().seeds, mode, proxyPolicy: policy };
  const deployment = await TestDeployment.start({ databases: [entry] });
  deployments.push(deployment);
  return deployment;
};

const isRefused = ({ mode, policy }: Row) => mode === 'cluster' && policy === 'single';

test.each(rows.filter(isRefused))(
  'mode $mode, policy $policy: refused',
  async ({ mode, policy, cells }) => {
    await expect(start(mode, policy)).rejects.toThrow('invalid_oss_cluster_configuration');
    expect(new Set(Object.values(cells))).toEqual(new Set(['refused']));
  },
);

test.each(rows.filter((row) => !isRefused(row)))(
  'mode $mode, policy $policy: what each client sees',
  async ({ mode, policy, cells }) => {
    const deployment = await start(mode, policy);
    const seen: Record<string, string> = {};
    for (const [column, observe] of Object.entries(OBSERVERS)) {
      seen[column] = await observe(deployment);
    }
    expect(seen).toEqual(cells);
  },
);

/** In the words of the table: what the replies to all keys, one by one and together, amount to. */
function reach(single: readonly string[], together: string): string {
  if (single.some((text) => text.includes('MOVED'))) return 'MOVED';
  expect(single.every((text) => text === 'OK')).toBe(true);
  return together.includes('CROSSSLOT') ? 'CROSSSLOT' : 'all keys';
}

async function seenByPlainClient(deployment: TestDeployment): Promise<string> {
  const client = await deployment.connect(1);
  const ask = (...words: readonly string[]) =>
    client.call(...words).then(String, (error: Error) => error.message);
  const single = await Promise.all(KEYS.map((key) => ask('SET', key, '')));
  return reach(single, await ask('MGET', ...KEYS));
}

async function seenByRedisCli({ ports }: TestDeployment, flags: readonly string[]) {
  const run = async (input: string) =>
    (await runProgram(redisCli, [...flags, '-p', String(ports[0])], { env, input })).output
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('-> Redirected'));
  const single = await run(KEYS.map((key) => `SET ${key} v\n`).join(''));
  return reach(single, (await run(`MGET ${KEYS.join(' ')}\n`)).join(' '));
}

async function seenByBenchmark({ ports }: TestDeployment, flags: readonly string[]) {
  const load = ['-n', '300', '-c', '3', '-r', '1000', '-t', 'set', '-q', '-e'];
  const args = [...flags, '-p', String(ports[0]), ...load];
  const { output } = await runProgram(redisBenchmark, args, { env });
  if (output.includes('MOVED')) return 'MOVED';
  if (flags.length === 0) return output.includes('requests per second') ? 'all keys' : output;
  if (output.includes('cluster support disabled')) return 'refused';
  // It warns of nodes without slots, and leaves them out.
  return seen(output.replaceAll(/^WARNING: .*$/gm, ''), Number(ports[0]));
}

async function seenByLibrary(name: string, { ports }: TestDeployment): Promise<string> {
  const port = ports[0] ?? 0;
  const library = CLUSTER_LIBRARIES.find((candidate) => candidate.name === name);
  try {
    const client = await library?.open(port);
    const primaries = client?.primaries().join(' ') ?? '';
    await client?.close();
    return seen(primaries, port);
  } catch {
    return 'refused';
  }
}

/** Whose addresses are in the text. */
function seen(text: string, port: number): string {
  const nodes = NODE_HOSTS.flatMap((host, i) =>
    new RegExp(`\\b${host}:${port}\\b`).test(text) ? [`node${i + 1}`] : [],
  );
  const servers = cluster().servers.filter(({ address }) => text.includes(address));
  if (servers.length === 0) return nodes.join(', ');
  return servers.length === 3 ? 'servers' : `some servers: ${text}`;
}
