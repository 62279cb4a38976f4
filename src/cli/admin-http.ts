import { formatAddress, type TcpAddress } from '../config/addresses.js';
import type { ProcessConfig } from '../config/deployment.js';
import { healthHandler } from '../http/health.js';
import { NODE_ENGINE } from '../http/node-engine.js';
import { describePortOwner } from '../http/port-owner.js';
import { type HttpHandler, type HttpRoute, type HttpServer, jsonResponse } from '../http/types.js';
import type { Logger } from '../log/logger.js';
import type { MetricSample } from '../metrics/sample.js';
import { LISTENING_PATH } from '../proxy/peer-watch.js';
import type { RunningProxy } from './environment.js';
import { CommandError, EXIT_FAILURE } from './exit.js';

export interface HttpPages {
  /** What anybody may see. */
  readonly probes: readonly HttpRoute[];
  /** What changes the process, too: on the admin listener alone, which is loopback. */
  readonly api: readonly HttpRoute[];
}

/** Opens the HTTP listeners of a configuration: admin and metrics, or the one that both name. */
export async function openAdminHttp(
  config: ProcessConfig,
  { probes, api }: HttpPages,
  log: Logger,
): Promise<readonly HttpServer[]> {
  const listeners = new Map<string, readonly [TcpAddress, readonly HttpRoute[]]>();
  const { admin, metrics } = config;
  if (metrics !== undefined) listeners.set(formatAddress(metrics), [metrics, probes]);
  if (admin !== undefined) listeners.set(formatAddress(admin), [admin, [...probes, ...api]]);
  const servers: HttpServer[] = [];
  try {
    for (const [address, routes] of [...listeners.values()].reverse()) {
      servers.push(await open(address, routes, log));
    }
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
}

/** Probes and metrics of a proxy. `ownGauges` are what the proxy itself does not know. */
export function probeRoutes(
  proxy: RunningProxy,
  ownGauges: () => readonly MetricSample[],
): readonly HttpRoute[] {
  return [
    page(
      '/livez',
      healthHandler(() => proxy.liveness()),
    ),
    page(
      '/readyz',
      healthHandler((query) => proxy.readiness({ strictUpstream: query.get('upstream') === '1' })),
    ),
    page('/metrics', async () => {
      // Loaded at the first scrape: a proxy that nobody scrapes does not pay for it.
      const { prometheusText } = await import('../metrics/prometheus.js');
      const { counters, gauges } = await proxy.metrics();
      const text = await prometheusText({ counters, gauges: [...gauges, ...ownGauges()] });
      return { status: 200, ...text };
    }),
    // For the processes of other nodes.
    page(LISTENING_PATH, () => jsonResponse(200, proxy.peerReport())),
  ];
}

function page(path: string, handler: HttpHandler): HttpRoute {
  return { method: 'GET', path, handler };
}

async function open(
  address: TcpAddress,
  routes: readonly HttpRoute[],
  log: Logger,
): Promise<HttpServer> {
  try {
    return await NODE_ENGINE.listen({
      host: address.host,
      port: address.port,
      routes,
      onError: (error, path) => {
        log.error('a page of the admin listener failed', { path, reason: String(error) });
      },
    });
  } catch (error) {
    throw listenError(address, error);
  }
}

function listenError(address: TcpAddress, cause: unknown): Error {
  const where = formatAddress(address);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return code === 'EADDRINUSE'
    ? portInUse(where, address.port)
    : new CommandError(EXIT_FAILURE, `cannot listen on ${where} for HTTP: ${code}`);
}

/** Says who has a port, where the system tells. */
export function portInUse(where: string, port: number): CommandError {
  const owner = describePortOwner(port);
  const by = owner === undefined ? '' : ` by ${owner}`;
  return new CommandError(EXIT_FAILURE, `${where} is in use${by}`);
}
