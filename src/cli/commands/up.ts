import { defaultDataDirectory } from '../../node/data-directory.js';
import { LocalCluster } from '../../node/local-cluster.js';
import { findServerProgram, type ServerProgram } from '../../node/server-program.js';
import { type StartConfiguration, startConfiguration } from '../configuration.js';
import type { CommandEnvironment } from '../environment.js';
import { EXIT_OK } from '../exit.js';
import { openLog } from '../open-log.js';
import { runProxy } from '../run-proxy.js';
import { ShutdownSignals } from '../shutdown-signals.js';
import { adminAddress, listenAddresses, localEnvironment } from '../up-addresses.js';
import { readyMessage } from '../up-message.js';
import { parseUpRequest, type UpRequest } from '../up-request.js';

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
  const { port, ...shape } = parseUpRequest(request);
  const program = findServerProgram(environment.env);
  const configuration = await startConfiguration(
    {
      flags: {
        logLevel: 'warn',
        ...request.flags,
        // Nobody is asked at this address: the real ones are known when the servers run.
        seeds: ['127.0.0.1:6379'],
        listen: await listenAddresses(port),
        admin: await adminAddress(request.flags.admin),
      },
      configFile: undefined,
      isPasswordOnStdin: false,
    },
    'single',
    { ...environment, env: localEnvironment(environment.env) },
  );
  const { log, close } = await openLog(configuration.config.process, environment.isTerminal);
  try {
    const directory = request.ephemeral ? undefined : (request.dir ?? defaultDataDirectory());
    environment.writeOut(
      `Starting the servers${directory === undefined ? '' : ` in ${directory}`}\n`,
    );
    const signal = shutdown.requested;
    const cluster = await LocalCluster.start({ ...shape, directory, log, program, signal });
    try {
      return await serve(cluster, program, configuration, { log, shutdown }, environment);
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
  { config, inputs }: StartConfiguration,
  run: Pick<Parameters<typeof runProxy>[0], 'log' | 'shutdown'>,
  environment: CommandEnvironment,
): Promise<number> {
  const databases = config.databases.map((database) => ({ ...database, seeds: cluster.addresses }));
  return runProxy(
    {
      ...run,
      config: { ...config, databases: databases },
      inputs,
      reloadSignal: undefined,
      onListening: ({ listenAddresses: addresses }, adminUrl) => {
        const { env } = environment;
        environment.writeOut(readyMessage({ cluster, program, addresses, adminUrl, env }));
      },
    },
    environment,
  );
}
