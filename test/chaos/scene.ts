import type { Random } from '../support/random.js';
import { findNutcracker, startNutcrackerTarget } from './nutcracker.js';
import { ClusterStage } from './stage/cluster-stage.js';
import type { Stage } from './stage/stage.js';
import { StandaloneStage } from './stage/standalone-stage.js';
import { directTarget, startProxyTarget, type Target } from './target.js';

export const TARGET_NAMES = ['proxy', 'direct', 'nutcracker'] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

export interface SceneOptions {
  readonly against: TargetName;
  readonly nodeTimeoutMs: number;
}

/** Servers, and the target in front of them. */
export interface Scene {
  readonly stage: Stage;
  readonly target: Target;
  /** What the servers are, for the report. */
  readonly about: string;
  close(): Promise<void>;
}

const THREADS_MAX = 2;
const FULL_COVERAGE_PERCENT = 30;

/** @returns undefined, after a line that says so, if the target is not installed. */
export async function openScene(
  { against, nodeTimeoutMs }: SceneOptions,
  random: Random,
): Promise<Scene | undefined> {
  if (against === 'nutcracker') return openStandaloneScene(nodeTimeoutMs);
  const threads = random.between(1, THREADS_MAX);
  const fullCoverage = random.chance(FULL_COVERAGE_PERCENT);
  const stage = await ClusterStage.start({ nodeTimeoutMs, fullCoverage, random });
  return withTarget(
    stage,
    `3 primaries, 3 replicas, node time-out ${nodeTimeoutMs} ms, full coverage ${fullCoverage ? 'yes' : 'no'}`,
    async () => (against === 'proxy' ? startProxyTarget(stage, threads) : directTarget(stage)),
  );
}

async function openStandaloneScene(nodeTimeoutMs: number): Promise<Scene | undefined> {
  const program = findNutcracker();
  if (program === undefined) return undefined;
  const stage = await StandaloneStage.start(nodeTimeoutMs);
  return withTarget(stage, '3 servers, each for itself', () =>
    startNutcrackerTarget(program, stage),
  );
}

async function withTarget(
  stage: Stage,
  about: string,
  start: () => Promise<Target>,
): Promise<Scene> {
  try {
    const target = await start();
    return {
      stage,
      target,
      about: `${about}, ${await versionOf(stage)}`,
      async close() {
        await target.stop();
        await stage.stop();
      },
    };
  } catch (error) {
    await stage.stop();
    throw error;
  }
}

/** For example `Redis 7.0.15`. */
async function versionOf(stage: Stage): Promise<string> {
  const info = (await stage.servers[0]?.text('INFO', 'server')) ?? '';
  const valkey = /valkey_version:(\S+)/.exec(info)?.[1];
  return valkey === undefined
    ? `Redis ${/redis_version:(\S+)/.exec(info)?.[1] ?? 'of unknown version'}`
    : `Valkey ${valkey}`;
}
