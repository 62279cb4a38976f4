import { afterAll, beforeAll } from 'vitest';
import { TestCluster, type TestClusterOptions } from './cluster.js';

/** Starts a cluster before the tests of a file; stops it after. */
export function useCluster(options: TestClusterOptions = {}): () => TestCluster {
  let cluster: TestCluster | undefined;
  beforeAll(async () => {
    cluster = await TestCluster.start(options);
  });
  afterAll(() => cluster?.stop());
  return () => {
    if (cluster === undefined) {
      throw new Error('the cluster runs during tests only');
    }
    return cluster;
  };
}
