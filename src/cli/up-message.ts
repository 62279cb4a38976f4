import { accessSync, constants } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import type { LocalCluster } from '../node/local-cluster.js';
import type { ServerProgram } from '../node/server-program.js';

export interface ReadyFacts {
  readonly cluster: Pick<
    LocalCluster,
    'primaries' | 'replicasPerPrimary' | 'directory' | 'isEphemeral'
  >;
  readonly nodes: number;
  /** Where clients connect. */
  readonly addresses: readonly string[];
  readonly adminUrl: string | undefined;
  readonly program: ServerProgram;
  readonly env: NodeJS.ProcessEnv;
}

/** What `slotgate up` says when clients can connect. */
export function readyMessage({
  cluster,
  nodes,
  addresses,
  adminUrl,
  program,
  env,
}: ReadyFacts): string {
  const replicas = cluster.primaries * cluster.replicasPerPrimary;
  const port = addresses[0]?.split(':').at(-1) ?? '';
  const cli = `${cliCommand(program, env)} -p ${port}`;
  const end = cluster.isEphemeral
    ? 'Ctrl-C stops everything and removes the data.'
    : 'Ctrl-C stops everything; the data stays.';
  return [
    '',
    `Slotgate is ready on ${addresses.join(', ')}`,
    `  servers  ${counted(cluster.primaries, 'primary', 'primaries')}, ${counted(replicas, 'replica', 'replicas')} on ${counted(nodes, 'node', 'nodes')}`,
    `  data     ${cluster.directory}`,
    ...(adminUrl === undefined ? [] : [`  admin    ${adminUrl} (/livez, /readyz, /metrics)`]),
    '',
    'Try:',
    `  ${cli} mset a 1 b 2 c 3`,
    `  ${cli} mget a b c`,
    `  ${cli} del a b c`,
    '',
    end,
    '',
  ].join('\n');
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The command-line client as it can be typed here: by name, or as it lies beside the server. */
function cliCommand(program: ServerProgram, env: NodeJS.ProcessEnv): string {
  const folders = (env.PATH ?? '').split(delimiter);
  const inPath = ['redis-cli', 'valkey-cli'].find((name) =>
    folders.some((folder) => isExecutable(join(folder, name))),
  );
  if (inPath !== undefined) return inPath;
  const name = basename(program.path).replace('-server', '-cli');
  const beside = join(dirname(program.path), name);
  if (!isExecutable(beside)) return 'redis-cli';
  const variables = Object.entries(program.env).map(([key, value]) => `${key}=${value} `);
  return `${variables.join('')}${beside}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
