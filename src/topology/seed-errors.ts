import type { ProxyErrorCode } from '../errors/index.js';
import { type Endpoint, formatEndpoint } from '../shards/index.js';
import type { RefreshResult } from './discovery.js';
import type { ClusterTopology } from './types.js';

/** Why one server could not be asked, in words for the user. */
export interface SeedError {
  /** Formatted endpoint of a seed or of another member. */
  readonly seed: string;
  readonly code: ProxyErrorCode;
  readonly message: string;
}

/** Who failed when it was last asked. */
export class SeedErrors {
  readonly #seeds: ReadonlySet<string>;
  readonly #errors = new Map<string, SeedError>();

  constructor(seeds: readonly Endpoint[]) {
    this.#seeds = new Set(seeds.map(formatEndpoint));
  }

  list(): readonly SeedError[] {
    return [...this.#errors.values()];
  }

  /** @returns The failures of this refresh. */
  note(result: RefreshResult): readonly SeedError[] {
    const views = result.kind === 'ok' ? result.views : [];
    for (const { source } of views) {
      this.#errors.delete(source);
    }
    const failed = [...result.failures].map(([seed, { code, message }]) => ({
      seed,
      code,
      message,
    }));
    for (const error of failed) {
      this.#errors.set(error.seed, error);
    }
    return failed;
  }

  /** Forgets servers that are neither seeds nor members any more. */
  keepOnly(topology: ClusterTopology): void {
    const members = new Set(topology.servers.map(({ address }) => formatEndpoint(address)));
    for (const key of this.#errors.keys()) {
      if (!this.#seeds.has(key) && !members.has(key)) {
        this.#errors.delete(key);
      }
    }
  }
}
