import { ProxyError } from '../errors/index.js';
import { type Endpoint, formatEndpoint } from '../shards/index.js';
import type { Clock } from './clock.js';
import type { FetchedView } from './fetch-view.js';

/** How long further views are waited for once one is good enough. */
const GRACE_MS = 100;
/** After this time whatever has answered must do; who has not counts as failed for this time. */
const PATIENCE_MS = 1_000;

export interface GatheredViews {
  /** In the order of the endpoints. Empty if every endpoint failed. */
  readonly views: readonly FetchedView[];
  /** By formatted endpoint. */
  readonly failures: ReadonlyMap<string, ProxyError>;
}

export interface GatherOptions {
  readonly endpoints: readonly Endpoint[];
  readonly fetch: (endpoint: Endpoint) => Promise<FetchedView>;
  /** Whether the views at hand make a complete picture. */
  readonly isEnough: (views: readonly FetchedView[]) => boolean;
  readonly clock: Clock;
}

/**
 * Asks all endpoints at once. Ends when all have answered or failed, 100 ms after the views are
 * enough, or after 1 s with whatever is there; a stopped server thus delays nobody for long.
 */
export function gatherViews(options: GatherOptions): Promise<GatheredViews> {
  const { endpoints, clock } = options;
  const views = new Map<Endpoint, FetchedView>();
  const failures = new Map<string, ProxyError>();
  return new Promise((resolve) => {
    const timers: (() => void)[] = [];
    let graceStarted = false;
    const inOrder = () => endpoints.flatMap((endpoint) => views.get(endpoint) ?? []);
    const finish = () => {
      timers.forEach((cancel) => {
        cancel();
      });
      resolve({ views: inOrder(), failures: new Map(failures) });
    };
    const step = () => {
      if (views.size + failures.size === endpoints.length) {
        finish();
      } else if (!graceStarted && views.size > 0 && options.isEnough(inOrder())) {
        graceStarted = true;
        timers.push(clock.after(GRACE_MS, finish));
      }
    };
    const ask = async (endpoint: Endpoint) => {
      try {
        views.set(endpoint, await options.fetch(endpoint));
      } catch (error) {
        failures.set(formatEndpoint(endpoint), asProxyError(error));
      }
      step();
    };
    timers.push(
      clock.after(PATIENCE_MS, () => {
        for (const endpoint of endpoints.filter((e) => !views.has(e))) {
          const where = formatEndpoint(endpoint);
          const late = `${where} has not answered in ${PATIENCE_MS} ms`;
          failures.set(where, failures.get(where) ?? new ProxyError('call_timeout', late));
        }
        finish();
      }),
    );
    for (const endpoint of endpoints) {
      void ask(endpoint);
    }
    step();
  });
}

function asProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) {
    return error;
  }
  throw error;
}
