import { defaultDataDirectory, NODES_DEFAULT, rememberedNodes } from '../../node/data-directory.js';
import { LocalCluster, type LocalClusterOptions } from '../../node/local-cluster.js';
import { probePort } from '../../node/ports.js';
import { findServerProgram, type ServerProgram } from '../../node/server-program.js';
import { type StartConfiguration, startConfiguration } from '../configuration.js';
import type { CommandEnvironment } from '../environment.js';
import { EXIT_OK } from '../exit.js';
import type { OwnedEstate } from '../handover/handover.js';
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
  const inherited = environment.predecessor?.sockets;
  const probe: typeof probePort = async (host, at) =>
    inherited?.has({ kind: 'tcp', host, port: at }) === true ? 'free' : probePort(host, at);
  const nodes = await upNodes(nodeCount ?? remembered ?? NODES_DEFAULT, port, probe);
  const configuration = await startConfiguration(
    {
      flags: {
        logLevel: 'warn',
        ...(env[POLICY_VARIABLE] === undefined ? { proxyPolicy: 'all-nodes' } : {}),
        ...(placement === undefined ? {} : { shardsPlacement: placement }),
        ...request.flags,
        // Nobody is asked at this address: the real ones are known when the servers run.
        seeds: ['127.0.0.1:6379'],
        admin: await adminAddress(request.flags.admin, inherited),
      },
      configFile: undefined,
      isPasswordOnStdin: false,
    },
    'single',
    { ...environment, env },
  );
  const { log, close } = await openLog(configuration.config.process, environment.isTerminal);
  try {
    const cluster = await clusterOf(
      {
        ...shape,
        nodes: nodes.map(({ host }) => host),
        placement: configuration.config.databases[0]?.shardsPlacement ?? 'dense',
        movesServers: nodeCount !== undefined || placement !== undefined,
        directory,
        log,
        program,
        signal: shutdown.requested,
      },
      environment,
    );
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

/** A new one, or that of the process before this one. */
async function clusterOf(
  options: LocalClusterOptions,
  { predecessor, writeOut }: CommandEnvironment,
): Promise<LocalCluster> {
  if (predecessor !== undefined) {
    const { facts, descriptors } = predecessor.estate ?? { facts: undefined, descriptors: [] };
    return LocalCluster.adopt(facts, descriptors, options.log);
  }
  const { directory } = options;
  writeOut(`Starting the servers${directory === undefined ? '' : ` in ${directory}`}\n`);
  return LocalCluster.start(options);
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
      estate: estateOf(cluster, environment),
      onListening: ({ listenAddresses: addresses }, adminUrl) => {
        const { env, predecessor, writeOut } = environment;
        cluster.own();
        // Whoever started it has read it already.
        if (predecessor !== undefined) return;
        writeOut(readyMessage({ cluster, nodes, program, addresses, adminUrl, env }));
      },
    },
    environment,
  );
}

/** The servers live on with the process that follows. */
function estateOf(cluster: LocalCluster, { writeOut }: CommandEnvironment): OwnedEstate {
  return {
    begin: () => cluster.lend(),
    cancel: () => cluster.keep(),
    complete: (pid) => {
      cluster.passTo(pid);
      writeOut(
        `\nProcess ${pid} has taken over. It runs on when this one ends; kill ${pid} stops it.\n`,
      );
    },
  };
}
