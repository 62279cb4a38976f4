import { readFileSync } from 'node:fs';
import type { Parsed } from './addresses.js';
import type {
  DatabaseConfig,
  DeploymentConfig,
  DeploymentForm,
  ResolvedDatabase,
} from './deployment.js';
import type { ConfigProblem } from './messages.js';
import { FixedPassword, PasswordFile, type PasswordSource } from './password-source.js';
import type { Resolution } from './resolve.js';
import {
  CONFIG_FILE_VARIABLE,
  type ConfigSources,
  type FlagValues,
  misspeltVariables,
  PASSWORD_VARIABLE,
  settingVariables,
} from './sources.js';
import { UpstreamCredentials } from './upstream-credentials.js';

/** Files larger than this are no configuration. */
const MAX_CONFIG_FILE_BYTES = 1_048_576;

export interface ConfigInputs {
  readonly flags: FlagValues;
  readonly env: NodeJS.ProcessEnv;
  /** Of `--config`; else `SLOTGATE_CONFIG` names the file, else there is none. */
  readonly configFile: string | undefined;
  /** What `--upstream-password-stdin` read; undefined without that flag. */
  readonly passwordFromStdin: string | undefined;
  /** What the command can run; undefined: either. */
  readonly form: DeploymentForm | undefined;
}

export type LoadedConfig =
  | {
      readonly kind: 'ok';
      readonly config: DeploymentConfig;
      /** For the log; never a reason not to start. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

/** Merges and checks sources, as `resolveConfig` does. */
export type Resolver = (sources: ConfigSources) => Promise<Resolution>;

/** Reads, merges and checks the whole configuration. Called at start and again on SIGHUP. */
export async function loadConfig(inputs: ConfigInputs, resolve: Resolver): Promise<LoadedConfig> {
  const fileName = inputs.configFile ?? inputs.env[CONFIG_FILE_VARIABLE];
  let file: ConfigSources['file'];
  if (fileName !== undefined && fileName !== '') {
    const text = readConfigFile(fileName);
    if (text.kind === 'bad') return invalid({ key: 'config', message: text.problem });
    file = { name: fileName, text: text.value };
  }
  const resolution = await resolve({
    flags: inputs.flags,
    env: settingVariables(inputs.env),
    file,
    form: inputs.form,
  });
  if (resolution.kind === 'invalid') return resolution;
  const { deployment } = resolution;
  const databases: DatabaseConfig[] = [];
  for (const [i, database] of deployment.databases.entries()) {
    const credentials = credentialsOf(inputs, database);
    if (credentials.kind === 'bad') {
      const base = deployment.form === 'nodes' ? `databases[${i}].` : '';
      return invalid({ key: `${base}upstream.passwordFile`, message: credentials.problem });
    }
    databases.push({ ...database, upstreamCredentials: credentials.value });
  }
  return {
    kind: 'ok',
    config: { ...deployment, databases },
    warnings: [...resolution.warnings, ...misspeltVariables(inputs.env)],
  };
}

function credentialsOf(
  inputs: ConfigInputs,
  { values }: ResolvedDatabase,
): Parsed<UpstreamCredentials> {
  const password = passwordSource(inputs, values['upstream.passwordFile']);
  return password.kind === 'bad'
    ? password
    : { kind: 'ok', value: new UpstreamCredentials(values['upstream.username'], password.value) };
}

function invalid(problem: ConfigProblem): LoadedConfig {
  return { kind: 'invalid', problems: [problem] };
}

function readConfigFile(name: string): Parsed<string> {
  try {
    const bytes = readFileSync(name);
    if (bytes.length > MAX_CONFIG_FILE_BYTES) {
      const problem = `${name} has ${bytes.length} bytes; allowed are ${MAX_CONFIG_FILE_BYTES}`;
      return { kind: 'bad', problem };
    }
    return { kind: 'ok', value: bytes.toString('utf8') };
  } catch (error) {
    return { kind: 'bad', problem: `cannot read ${name}: ${reason(error)}` };
  }
}

/** Exactly one place may name the password: with two, a rotation would change the wrong one. */
function passwordSource(
  inputs: ConfigInputs,
  path: string | undefined,
): Parsed<PasswordSource | undefined> {
  const variable = inputs.env[PASSWORD_VARIABLE];
  const sources: PasswordSource[] = [];
  if (inputs.passwordFromStdin !== undefined) {
    sources.push(new FixedPassword('--upstream-password-stdin', inputs.passwordFromStdin));
  }
  if (variable !== undefined && variable !== '') {
    sources.push(new FixedPassword(PASSWORD_VARIABLE, variable));
  }
  if (path !== undefined) sources.push(new PasswordFile(path));
  if (sources.length > 1) {
    const origins = sources.map((source) => source.origin).join(' and ');
    return { kind: 'bad', problem: `the password comes from ${origins}; keep one of them` };
  }
  try {
    sources[0]?.current();
    return { kind: 'ok', value: sources[0] };
  } catch (error) {
    return { kind: 'bad', problem: `cannot read the password file ${path}: ${reason(error)}` };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
