import type { DeploymentConfig } from '../config/deployment.js';
import type { ConfigInputs } from '../config/load.js';
import type { HttpRoute, HttpServer } from '../http/types.js';
import type { AdjustableLogger } from '../log/create-logger.js';
import { openAdminHttp, probeRoutes } from './admin-http.js';
import type { CommandEnvironment, RunningProxy } from './environment.js';
import { EXIT_OK } from './exit.js';
import { Reloader } from './reloader.js';
import { type ShutdownSignals, whenAborted } from './shutdown-signals.js';

export interface ProxyRun {
  readonly config: DeploymentConfig;
  readonly inputs: ConfigInputs;
  readonly log: AdjustableLogger;
  readonly shutdown: ShutdownSignals;
  /** A signal that reloads; undefined where a hang-up means the end, as under `slotgate up`. */
  readonly reloadSignal: NodeJS.Signals | undefined;
  /** Called when clients can connect; `adminUrl` if the admin listener is open. */
  readonly onListening: (proxy: RunningProxy, adminUrl: string | undefined) => void;
}

/** Runs a proxy until it is asked to stop. @returns The exit code; everything is stopped then. */
export async function runProxy(run: ProxyRun, environment: CommandEnvironment): Promise<number> {
  const { log, shutdown } = run;
  const proxy = await environment.startProxy(run.config, { log });
  let httpServers: readonly HttpServer[] = [];
  try {
    const reloader = new Reloader(run.config, run.inputs, environment.resolveConfig, proxy, log);
    httpServers = await openAdminHttp(
      run.config.process,
      {
        probes: probeRoutes(proxy, () => reloader.gauges()),
        api: run.config.process.admin === undefined ? [] : await apiOf(proxy),
      },
      log,
    );
    announce(run, proxy, httpServers[0]?.url);
    await Promise.race([untilShutdown(run, environment, reloader), untilListeningFails(proxy)]);
    log.info('stopping', { signal: String(shutdown.requested.reason) });
    const { shutdownDelayMs, drainTimeoutMs } = reloader.config.process;
    const drained = proxy.drain({ shutdownDelayMs, drainTimeoutMs });
    await Promise.race([drained, whenAborted(shutdown.forced)]);
    if (shutdown.forced.aborted) log.warn('a second signal: stopping without waiting for clients');
    return EXIT_OK;
  } finally {
    await proxy.stop();
    await Promise.all(httpServers.map((server) => server.close()));
    log.info('stopped');
  }
}

/** Loaded where there is an admin listener: a proxy without one does not pay for it. */
async function apiOf({ deployment }: RunningProxy): Promise<readonly HttpRoute[]> {
  const { apiRoutes } = await import('../api/routes.js');
  return apiRoutes(deployment);
}

function announce(run: ProxyRun, proxy: RunningProxy, adminUrl: string | undefined): void {
  proxy.whenListening().then(
    () => {
      run.log.info('listening', { addresses: proxy.listenAddresses.join(', ') });
      run.onListening(proxy, adminUrl);
    },
    // The proxy ends before it listened: whoever stopped it knows why.
    (error: unknown) => run.log.debug('never listened', { reason: String(error) }),
  );
}

/** Rejects if the listeners cannot be opened: a proxy that nobody can reach must not live on. */
async function untilListeningFails(proxy: RunningProxy): Promise<never> {
  await proxy.whenListening();
  return new Promise(() => undefined);
}

/** Reloads as often as asked until the first signal to stop. */
async function untilShutdown(
  { reloadSignal, shutdown }: ProxyRun,
  { signals }: CommandEnvironment,
  reloader: Reloader,
): Promise<void> {
  const reload = () => void reloader.reload();
  if (reloadSignal !== undefined) signals.on(reloadSignal, reload);
  await whenAborted(shutdown.requested);
  if (reloadSignal !== undefined) signals.off(reloadSignal, reload);
}
