import { defaultDataDirectory, NODES_DEFAULT, rememberedNodes } from '../../node/data-directory.js';
import { LocalCluster } from '../../node/local-cluster.js';
import { findServerProgram, type ServerProgram } from '../../node/server-program.js';
import { type StartConfiguration, startConfiguration } from '../configuration.js';
import type { CommandEnvironment } from '../environment.js';
import { EXIT_OK } from '../exit.js';
import { openLog } from '../open-log.js';
import { runProxy } from '../run-proxy.js';
import { ShutdownSignals } from '../shutdown-signals.js';
import { adminAddress, localEnvironment } from '../up-addresses.js';
import { readyMessage } from '../up-message.js';
import { localDeployment, upNodes } from '../up-nodes.js';
import { parseUpRequest, type UpRequest } from '../up-request.js';

/** On a laptop every node listens, so that any of them can be tried. */
const POLICY_VARIABLE = 'SLOTGATE_PROXY_POLICY';

/** `slotgate up`. @returns The exit code. */
export async function upCommand(
  request: UpRequest,
  environment: CommandEnvironment,
): Promise<number> {
  const shutdown = new ShutdownSignals(environment.signals, ['SIGTERM', 'SIGINT', 'SIGHUP']);
  try {
    return await up(request, environment, shutdown);
  } catch (error) {
    // Asked to stop while it was still starting: that is no failure.
    if (shutdown.requested.aborted && error === shutdown.requested.reason) return EXIT_OK;
    throw error;
  } finally {
    shutdown.dispose();
  }
}

async function up(
  request: UpRequest,
  environment: CommandEnvironment,
  shutdown: ShutdownSignals,
): Promise<number> {
  const { port, nodes: nodeCount, placement, ...shape } = parseUpRequest(request);
  const program = findServerProgram(environment.env);
  const env = localEnvironment(environment.env);
  const directory = request.ephemeral ? undefined : (request.dir ?? defaultDataDirectory());
  const remembered = directory === undefined ? undefined : rememberedNodes(directory);
  const nodes = await upNodes(nodeCount ?? remembered ?? NODES_DEFAULT, port);
  const configuration = await startConfiguration(
    {
      flags: {
        logLevel: 'warn',
        ...(env[POLICY_VARIABLE] === undefined ? { proxyPolicy: 'all-nodes' } : {}),
        ...(placement === undefined ? {} : { shardsPlacement: placement }),
        ...request.flags,
        // Nobody is asked at this address: the real ones are known when the servers run.
        seeds: ['127.0.0.1:6379'],
        admin: await adminAddress(request.flags.admin),
      },
      configFile: undefined,
      isPasswordOnStdin: false,
    },
    'single',
    { ...environment, env },
  );
  const { log, close } = await openLog(configuration.config.process, environment.isTerminal);
  try {
    environment.writeOut(
      `Starting the servers${directory === undefined ? '' : ` in ${directory}`}\n`,
    );
    const signal = shutdown.requested;
    const cluster = await LocalCluster.start({
      ...shape,
      nodes: nodes.map(({ host }) => host),
      placement: configuration.config.databases[0]?.shardsPlacement ?? 'dense',
      movesServers: nodeCount !== undefined || placement !== undefined,
      directory,
      log,
      program,
      signal,
    });
    try {
      const { config, inputs } = configuration;
      const local = { config: localDeployment(config, nodes, cluster.addresses), inputs };
      return await serve(cluster, program, local, { log, shutdown }, environment);
    } finally {
      await cluster.stop();
    }
  } finally {
    await close();
  }
}

function serve(
  cluster: LocalCluster,
  program: ServerProgram,
  { config, inputs }: Pick<StartConfiguration, 'config' | 'inputs'>,
  run: Pick<Parameters<typeof runProxy>[0], 'log' | 'shutdown'>,
  environment: CommandEnvironment,
): Promise<number> {
  const nodes = config.nodes.length;
  return runProxy(
    {
      ...run,
      config,
      inputs,
      reloadSignal: undefined,
      onListening: ({ listenAddresses: addresses }, adminUrl) => {
        const { env } = environment;
        environment.writeOut(readyMessage({ cluster, nodes, program, addresses, adminUrl, env }));
      },
    },
    environment,
  );
}
