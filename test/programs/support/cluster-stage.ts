import { afterAll, beforeAll } from 'vitest';
import type { TestCluster } from '../../support/cluster.js';
import { TestDeployment, type TestDeploymentOptions } from '../../support/deployment.js';

/** A cluster, and Slotgate in front of it on three nodes; for the tests of one block. */
export interface ClusterStage {
  readonly deployment: TestDeployment;
  /** The same one on each node. */
  readonly port: number;
}

/** Starts a deployment in front of a cluster before the tests of a block; stops it after. */
export function useClusterStage(
  cluster: () => TestCluster,
  settings: Readonly<Record<string, unknown>>,
  nodes: TestDeploymentOptions['nodes'] = [],
): ClusterStage {
  let started: TestDeployment | undefined;
  const deployment = () => {
    if (started === undefined) {
      throw new Error('the deployment runs during tests only');
    }
    return started;
  };
  beforeAll(async () => {
    const entry = { seeds: cluster().seeds, ...settings };
    const databases = [entry];
    started = await TestDeployment.start({ databases, process: { threads: 2 }, nodes });
  });
  afterAll(() => started?.stop());
  return {
    get deployment() {
      return deployment();
    },
    get port() {
      return deployment().ports[0] ?? 0;
    },
  };
}
