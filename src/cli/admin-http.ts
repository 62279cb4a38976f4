import { formatAddress, type TcpAddress } from '../config/addresses.js';
import type { ProcessConfig } from '../config/deployment.js';
import { healthHandler } from '../http/health.js';
import { NODE_ENGINE } from '../http/node-engine.js';
import { describePortOwner } from '../http/port-owner.js';
import { type HttpHandler, type HttpRoute, type HttpServer, jsonResponse } from '../http/types.js';
import type { Logger } from '../log/logger.js';
import type { MetricSnapshot } from '../metrics/sample.js';
import { type InheritedSockets, nativeAddon } from '../native/index.js';
import { hostAddresses } from '../proxy/listeners.js';
import { LISTENING_PATH } from '../proxy/peer-watch.js';
import type { RunningProxy } from './environment.js';
import { CommandError, EXIT_FAILURE } from './exit.js';

export interface HttpPages {
  /** What anybody may see. */
  readonly probes: readonly HttpRoute[];
  /** What changes the process, too: on the admin listener alone, which is loopback. */
  readonly api: readonly HttpRoute[];
}

/** The HTTP listeners of a process: admin and metrics, or the one that both name. */
export class AdminHttp {
  readonly #sockets: BoundSocket[];
  #servers: readonly HttpServer[] = [];
  #closed: Promise<unknown> | undefined;

  private constructor(sockets: BoundSocket[]) {
    this.#sockets = sockets;
  }

  /**
   * Takes the addresses, so that a taken one is noticed at once.
   * @param inherited Sockets of the process before this one.
   * @throws CommandError
   */
  static async bind(
    { admin, metrics }: ProcessConfig,
    inherited?: InheritedSockets,
  ): Promise<AdminHttp> {
    const addresses = new Map<string, TcpAddress>();
    for (const address of [admin, metrics]) {
      if (address !== undefined) addresses.set(formatAddress(address), address);
    }
    const sockets: BoundSocket[] = [];
    try {
      for (const address of addresses.values()) {
        const fd = await socketFor(address, inherited);
        sockets.push({ address, fd, isAdmin: admin !== undefined && sockets.length === 0 });
      }
      return new AdminHttp(sockets);
    } catch (error) {
      for (const { fd } of sockets) nativeAddon().closeDescriptor(fd);
      throw error;
    }
  }

  /** Of the listening sockets. */
  get descriptors(): readonly number[] {
    return this.#sockets.map(({ fd }) => fd);
  }

  /** Of the admin listener if there is one, else of the other; undefined until it is open. */
  get url(): string | undefined {
    return this.#servers[0]?.url;
  }

  /** Answers from now on. */
  async open({ probes, api }: HttpPages, log: Logger): Promise<void> {
    const onError = (error: unknown, path: string) =>
      log.error('a page of the admin listener failed', { path, reason: String(error) });
    this.#servers = await Promise.all(
      this.#sockets.map(({ address: { host, port }, fd, isAdmin }) => {
        const routes = isAdmin ? [...probes, ...api] : probes;
        return NODE_ENGINE.listen({ host, port, fd, routes, onError });
      }),
    );
  }

  close(): Promise<unknown> {
    this.#closed ??= Promise.all(this.#servers.map((server) => server.close()));
    if (this.#servers.length === 0) {
      for (const { fd } of this.#sockets.splice(0)) nativeAddon().closeDescriptor(fd);
    }
    return this.#closed;
  }
}

interface BoundSocket {
  readonly address: TcpAddress;
  readonly fd: number;
  readonly isAdmin: boolean;
}

/** Probes and metrics of a proxy. `ownMetrics` are what the proxy itself does not know. */
export function probeRoutes(
  proxy: RunningProxy,
  ownMetrics: () => MetricSnapshot,
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
      const own = ownMetrics();
      const text = await prometheusText({
        counters: [...counters, ...own.counters],
        gauges: [...gauges, ...own.gauges],
      });
      return { status: 200, ...text };
    }),
    // For the processes of other nodes.
    page(LISTENING_PATH, () => jsonResponse(200, proxy.peerReport())),
  ];
}

function page(path: string, handler: HttpHandler): HttpRoute {
  return { method: 'GET', path, handler };
}

/** A bound socket; where a name has several addresses, of the first, as Node has it. */
async function socketFor(
  address: TcpAddress,
  inherited: InheritedSockets | undefined,
): Promise<number> {
  const { host: name, port } = address;
  const { bindListener } = nativeAddon();
  try {
    const [host = name] = await hostAddresses(name);
    const [given] = inherited?.take({ kind: 'tcp', host, port }) ?? [];
    if (given !== undefined) return given;
    const options = { host, port, path: '', mode: -1 };
    // The other one is bound so that several can share the port: look whether it is free.
    bindListener({ ...options, probe: true });
    return bindListener({ ...options, probe: false });
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
