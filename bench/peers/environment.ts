import type { Children } from '../support/children.js';
import { describeCommit, describeMachine } from '../support/machine.js';
import { type ServerPrograms, serverPrograms } from '../support/programs.js';
import { type Address, serverVersion } from '../support/redis.js';
import { startCluster, startStandaloneServers } from '../support/servers.js';
import type { Options } from './options.js';
import type { ResultHeader } from './results.js';
import type { Target } from './target.js';
import { directTarget, peerTarget, startNutcracker, startSlotgate } from './targets.js';

const SERVER_COUNT = 3;

/** Everything that runs while a benchmark runs. */
export interface Environment {
  readonly programs: ServerPrograms;
  /** In the order in which they were started. */
  readonly targets: readonly Target[];
  readonly header: ResultHeader;
}

/** Starts servers and the wanted targets; `children` ends them. */
export async function startEnvironment(children: Children, options: Options): Promise<Environment> {
  const machine = describeMachine();
  const programs = await serverPrograms();
  const standalone = await startStandaloneServers(children, programs, SERVER_COUNT);
  const seeds = await clusterSeeds(children, programs, options);
  const targets: Target[] = [];
  if (options.targets.test('slotgate')) {
    targets.push(await startSlotgate(children, seeds, options.threads));
  }
  if (options.targets.test('nutcracker')) {
    const nutcracker = await startNutcracker(children, standalone);
    if (nutcracker !== undefined) targets.push(nutcracker);
    else console.error('nutcracker: not in PATH and not to be had from apt-get; left out');
  }
  for (const peer of options.peers) {
    if (options.targets.test(peer.name)) targets.push(await peerTarget(peer));
  }
  const [server] = standalone;
  if (server !== undefined && options.targets.test('server')) {
    targets.push(await directTarget(server));
  }
  if (targets.length === 0) throw new Error('--targets leaves nothing to measure');
  return {
    programs,
    targets,
    header: await createHeader(machine, seeds, targets),
  };
}

/** What every result says about its machine, versions and targets. */
export async function createHeader(
  machine: ResultHeader['machine'],
  seeds: readonly Address[],
  targets: readonly Target[],
): Promise<ResultHeader> {
  const [seed] = seeds;
  return {
    date: new Date().toISOString(),
    commit: await describeCommit(),
    machine,
    versions: {
      node: process.version,
      servers: seed === undefined ? 'none' : await serverVersion(seed),
    },
    options: process.argv.slice(2),
    targets: targets.map(({ name, about }) => ({ name, about })),
  };
}

async function clusterSeeds(
  children: Children,
  programs: ServerPrograms,
  options: Options,
): Promise<readonly Address[]> {
  if (options.clusterSeeds.length > 0) return options.clusterSeeds;
  return startCluster(children, programs, SERVER_COUNT);
}

/** `--servers-only`: a cluster for peers that must be started by hand. */
export async function serveCluster(children: Children, stopped: Promise<void>): Promise<void> {
  const servers = await startCluster(children, await serverPrograms(), SERVER_COUNT);
  console.log(servers.map(({ host, port }) => `${host}:${port}`).join(','));
  await stopped;
}
