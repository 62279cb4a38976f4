import type { DeploymentConfig, DeploymentForm } from '../config/deployment.js';
import { type ConfigInputs, loadConfig } from '../config/load.js';
import type { ConfigProblem } from '../config/messages.js';
import type { FlagValues } from '../config/sources.js';
import type { CommandEnvironment } from './environment.js';
import { CommandError, EXIT_USAGE } from './exit.js';

/** Longer input is no password. */
const MAX_PASSWORD_BYTES = 65_536;

/** What the command line says about the configuration. */
export interface ConfigurationRequest {
  readonly flags: FlagValues;
  readonly configFile: string | undefined;
  readonly isPasswordOnStdin: boolean;
}

/** The configuration at start, and the inputs to make it again from at a reload. */
export interface StartConfiguration {
  readonly config: DeploymentConfig;
  readonly warnings: readonly string[];
  readonly inputs: ConfigInputs;
}

/**
 * @param form What the command can run; undefined: either.
 * @throws CommandError that lists every problem.
 */
export async function startConfiguration(
  request: ConfigurationRequest,
  form: DeploymentForm | undefined,
  environment: CommandEnvironment,
): Promise<StartConfiguration> {
  const inputs: ConfigInputs = {
    flags: request.flags,
    env: environment.env,
    configFile: request.configFile,
    passwordFromStdin: request.isPasswordOnStdin ? await readPassword(environment) : undefined,
    form,
  };
  const loaded = await loadConfig(inputs, environment.resolveConfig);
  if (loaded.kind === 'invalid')
    throw new CommandError(EXIT_USAGE, describeProblems(loaded.problems));
  return { config: loaded.config, warnings: loaded.warnings, inputs };
}

/** All problems, one per line, so that a file is mended in one go. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(
    ({ key, message, code }) => `${key}: ${message}${code === undefined ? '' : ` [${code}]`}`,
  );
  return lines.length === 1
    ? `bad configuration: ${lines[0]}`
    : ['bad configuration:', ...lines.map((line) => `  ${line}`)].join('\n');
}

async function readPassword(environment: CommandEnvironment): Promise<string> {
  const text = (await environment.readStdin()).replace(/\r?\n$/, '');
  if (text === '' || Buffer.byteLength(text) > MAX_PASSWORD_BYTES) {
    throw new CommandError(
      EXIT_USAGE,
      `--upstream-password-stdin: standard input held no password (1 to ${MAX_PASSWORD_BYTES} bytes)`,
    );
  }
  return text;
}
