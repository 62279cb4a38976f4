import type { Random } from '../support/random.js';
import { ClusterStage } from './stage/cluster-stage.js';
import type { Stage } from './stage/stage.js';
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

export async function openScene(options: SceneOptions, random: Random): Promise<Scene> {
  const threads = random.between(1, THREADS_MAX);
  const fullCoverage = random.chance(FULL_COVERAGE_PERCENT);
  const { nodeTimeoutMs } = options;
  const stage = await ClusterStage.start({ nodeTimeoutMs, fullCoverage, random });
  try {
    const target =
      options.against === 'proxy' ? await startProxyTarget(stage, threads) : directTarget(stage);
    return {
      stage,
      target,
      about: `3 primaries, 3 replicas, node time-out ${nodeTimeoutMs} ms, full coverage ${fullCoverage ? 'yes' : 'no'}`,
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
