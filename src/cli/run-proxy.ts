import type { DeploymentConfig } from '../config/deployment.js';
import type { ConfigInputs } from '../config/load.js';
import type { HttpRoute } from '../http/types.js';
import type { AdjustableLogger } from '../log/create-logger.js';
import { AdminHttp, probeRoutes } from './admin-http.js';
import type { CommandEnvironment, RunningProxy } from './environment.js';
import { EXIT_OK } from './exit.js';
import { Following } from './handover/following.js';
import { Handover, type OwnedEstate } from './handover/handover.js';
import { Reloader } from './reloader.js';
import { ServiceNotifier } from './service-notifier.js';
import { type ShutdownSignals, whenAborted } from './shutdown-signals.js';

const HANDOVER_SIGNAL = 'SIGUSR2';

export interface ProxyRun {
  readonly config: DeploymentConfig;
  readonly inputs: ConfigInputs;
  readonly log: AdjustableLogger;
  readonly shutdown: ShutdownSignals;
  /** A signal that reloads; undefined where a hang-up means the end, as under `slotgate up`. */
  readonly reloadSignal: NodeJS.Signals | undefined;
  /** What the process that follows is left, beside the sockets. */
  readonly estate?: OwnedEstate | undefined;
  /** Called when clients can connect; `adminUrl` if the admin listener is open. */
  readonly onListening: (proxy: RunningProxy, adminUrl: string | undefined) => void;
}

/** What runs, and what can be asked of it. */
interface Running extends ProxyRun {
  readonly proxy: RunningProxy;
  readonly http: AdminHttp;
  readonly reloader: Reloader;
  readonly handover: Handover;
  readonly notifier: ServiceNotifier;
}

/** Runs a proxy until it is asked to stop. @returns The exit code; everything is stopped then. */
export async function runProxy(run: ProxyRun, environment: CommandEnvironment): Promise<number> {
  const { predecessor } = environment;
  const following = predecessor === undefined ? undefined : new Following(predecessor);
  const inherited = following?.inheritance;
  const proxy = await environment.startProxy(run.config, { log: run.log, inherited });
  let http: AdminHttp | undefined;
  try {
    http = await AdminHttp.bind(run.config.process, inherited?.sockets);
    const running = put(run, proxy, http, environment);
    const stopListening = listenToSignals(running, environment);
    try {
      await Promise.race([serve(running, following), whenAborted(run.shutdown.requested)]);
      await untilEnd(running);
      await end(running);
      return EXIT_OK;
    } finally {
      stopListening();
    }
  } finally {
    await proxy.stop();
    await http?.close();
    run.log.info('stopped');
  }
}

function put(
  run: ProxyRun,
  proxy: RunningProxy,
  http: AdminHttp,
  { env, ownProcess, predecessor, resolveConfig }: CommandEnvironment,
): Running {
  const { config, inputs, log, shutdown, estate } = run;
  const notifier = ServiceNotifier.from(env);
  const reloader = new Reloader(config, inputs, resolveConfig, proxy, log);
  const handover = new Handover({
    proxy: proxy.handover,
    http: http.descriptors,
    own: ownProcess,
    env,
    input: inputs.passwordFromStdin,
    estate,
    log,
    notifier,
    timeoutMs: () => reloader.config.process.handoverTimeoutMs,
    generation: predecessor?.generation ?? 0,
    stopping: shutdown.requested,
  });
  return { ...run, proxy, http, reloader, handover, notifier };
}

/** Opens what there is to connect to, and tells everybody. */
async function serve(running: Running, following: Following | undefined): Promise<void> {
  const { proxy, http, log, config, reloader, handover } = running;
  await following?.open(proxy, log);
  await http.open(
    {
      probes: probeRoutes(proxy, () => joined(reloader.gauges(), handover.metrics())),
      api: config.process.admin === undefined ? [] : await apiOf(running),
    },
    log,
  );
  await following?.serving(proxy);
  announce(running, following !== undefined);
}

function joined(
  gauges: ReturnType<Reloader['gauges']>,
  { counters, gauges: others }: ReturnType<Handover['metrics']>,
) {
  return { counters, gauges: [...gauges, ...others] };
}

/** Loaded where there is an admin listener: a proxy without one does not pay for it. */
async function apiOf({ proxy, handover }: Running): Promise<readonly HttpRoute[]> {
  const { apiRoutes } = await import('../api/routes.js');
  const { handoverRoute } = await import('../api/handover.js');
  return [...apiRoutes(proxy.deployment), handoverRoute(() => handover.request('REST'))];
}

function announce(running: Running, isFollowing: boolean): void {
  const { proxy, log, http, handover, notifier, onListening } = running;
  proxy.whenListening().then(
    () => {
      log.info('listening', { addresses: proxy.listenAddresses.join(', ') });
      handover.allow();
      // The process before has said so already, and may speak for the service until it has ended.
      if (!isFollowing) notifier.ready('serving');
      onListening(proxy, http.url);
    },
    // The proxy ends before it listened: whoever stopped it knows why.
    (error: unknown) => log.debug('never listened', { reason: String(error) }),
  );
}

/** Rejects if the listeners cannot be opened: a proxy that nobody can reach must not live on. */
async function untilListeningFails(proxy: RunningProxy): Promise<never> {
  await proxy.whenListening();
  return new Promise(() => undefined);
}

/** Reloads and hands over as often as asked. @returns What ends that. */
function listenToSignals(running: Running, { signals }: CommandEnvironment): () => void {
  const { reloadSignal, handover } = running;
  const reload = () => void handover.untilIdle().then(() => reloadNow(running));
  const handOver = () => void handover.request(HANDOVER_SIGNAL);
  if (reloadSignal !== undefined) signals.on(reloadSignal, reload);
  signals.on(HANDOVER_SIGNAL, handOver);
  return () => {
    if (reloadSignal !== undefined) signals.off(reloadSignal, reload);
    signals.off(HANDOVER_SIGNAL, handOver);
  };
}

async function reloadNow({ reloader, notifier, shutdown, handover }: Running): Promise<void> {
  if (shutdown.requested.aborted || handover.handedOver !== undefined) return;
  notifier.reloading('reading the configuration');
  await reloader.reload();
  if (!shutdown.requested.aborted) notifier.ready('serving');
}

/** Resolves when it is asked to stop, or another process serves. */
async function untilEnd({ shutdown, proxy, handover }: Running): Promise<void> {
  const { requested } = shutdown;
  await Promise.race([whenAborted(requested), untilListeningFails(proxy), handover.completed]);
  // One that was under way may still have succeeded.
  await handover.untilIdle();
}

/** Lets the clients go. */
async function end(running: Running): Promise<void> {
  const { proxy, http, log, notifier, shutdown, reloader, handover } = running;
  const { shutdownDelayMs, drainTimeoutMs } = reloader.config.process;
  const { handedOver } = handover;
  if (handedOver !== undefined) {
    // Whoever asks is to ask the other process; who has asked already is answered by one that is ready
    // and open, as nodes of other processes ask, too. So this comes first; it takes a second at most.
    await http.close();
    const drained = proxy.handover.complete(handedOver.taken, drainTimeoutMs);
    await Promise.race([drained, whenAborted(shutdown.requested)]);
    if (shutdown.requested.aborted) log.warn('a signal: stopping without waiting for clients');
    return;
  }
  log.info('stopping', { signal: String(shutdown.requested.reason) });
  notifier.stopping('waiting for clients');
  const drained = proxy.drain({ shutdownDelayMs, drainTimeoutMs });
  await Promise.race([drained, whenAborted(shutdown.forced)]);
  if (shutdown.forced.aborted) log.warn('a second signal: stopping without waiting for clients');
}
