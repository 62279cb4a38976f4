import type { DeploymentForm } from '../../config/deployment.js';
import { type ConfigurationRequest, startConfiguration } from '../configuration.js';
import type { CommandEnvironment } from '../environment.js';
import { openLog } from '../open-log.js';
import { runProxy } from '../run-proxy.js';
import { ShutdownSignals } from '../shutdown-signals.js';

/**
 * `slotgate proxy` and `slotgate node`.
 * @param form Which of them. @returns The exit code.
 */
export async function serveCommand(
  request: ConfigurationRequest,
  form: DeploymentForm,
  environment: CommandEnvironment,
): Promise<number> {
  const shutdown = new ShutdownSignals(environment.signals, ['SIGTERM', 'SIGINT']);
  const { config, warnings, inputs } = await startConfiguration(request, form, environment);
  const { log, close } = await openLog(config.process, environment.isTerminal);
  try {
    for (const warning of warnings) log.warn(warning);
    const onListening = () => {};
    return await runProxy(
      { config, inputs, log, shutdown, reloadSignal: 'SIGHUP', onListening },
      environment,
    );
  } finally {
    shutdown.dispose();
    await close();
  }
}
