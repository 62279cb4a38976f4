import { Command, CommanderError } from 'commander';
import type { DeploymentForm } from '../config/deployment.js';
import { type SettingScope, settingRows } from '../config/settings.js';
import { packageVersion } from '../config/version.js';
import { addCtlCommand } from './ctl/program.js';
import type { CommandEnvironment } from './environment.js';
import { describeFailure, EXIT_OK, EXIT_USAGE, exitCodeOf } from './exit.js';
import { addSettingFlags, settingFlagValues } from './setting-flags.js';

const PASSWORD_FLAG = '--upstream-password';

const EXAMPLES = `
Examples:
  slotgate up                                       a local cluster and a proxy on port 12000
  slotgate proxy --seed 10.0.0.1:6379               a proxy in front of a cluster that you have
  slotgate proxy --config /etc/slotgate.yaml --threads auto
  slotgate node --config /etc/slotgate.yaml --node n1     one of the nodes of that file
  slotgate check --config /etc/slotgate.yaml        what that file comes to, without starting anything`;

const PROXY_EXAMPLES = `
Examples:
  slotgate proxy --seed 10.0.0.1:6379 --seed 10.0.0.2:6379
  slotgate proxy --seed redis://app@cache.internal --upstream-password-file /run/secrets/redis
  slotgate proxy --seed 127.0.0.1:7000 --listen 127.0.0.1:12000 --listen /run/slotgate.sock
  slotgate proxy --seed 127.0.0.1:7000 --map 172.18.0.0/16=127.0.0.1     a cluster in Docker

SIGTERM and SIGINT drain clients and stop; a second one stops at once. SIGHUP reads the
configuration again. Exit codes: 0 stopped as asked, 2 bad usage or configuration, 1 anything else.`;

const NODE_EXAMPLES = `
Examples:
  slotgate node --config /etc/slotgate.yaml --node n1
  SLOTGATE_NODE=$HOSTNAME slotgate node --config /etc/slotgate.yaml

The file has nodes: and databases:; docs/configuration.md shows one. Flags and variables replace what the top level of
the file says, which is the default of each database. Signals and exit codes are those of slotgate proxy.`;

const UP_EXAMPLES = `
Examples:
  slotgate up
  slotgate up --ephemeral --primaries 5 --replicas 0
  slotgate up --dir ./data --port 7000 --threads 2
  slotgate up --mode cluster --nodes 3 --placement sparse`;

/** Runs the command that the arguments name. @returns The exit code of the process. */
export async function runCommandLine(
  args: readonly string[],
  environment: CommandEnvironment,
): Promise<number> {
  if (args.some((arg) => arg === PASSWORD_FLAG || arg.startsWith(`${PASSWORD_FLAG}=`))) {
    // Checked before anything else, so that the value is not repeated in a message.
    environment.writeErr(
      `slotgate: ${PASSWORD_FLAG} does not exist, since everybody who lists processes would see the ` +
        'password; use --upstream-password-file FILE, SLOTGATE_UPSTREAM_PASSWORD or --upstream-password-stdin\n',
    );
    return EXIT_USAGE;
  }
  let exitCode = EXIT_OK;
  const program = createProgram(environment, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    const why = describeFailure(error);
    environment.writeErr(`slotgate: ${why}\n`);
    await environment.predecessor?.failed(why);
    return exitCodeOf(error);
  }
}

function createProgram(environment: CommandEnvironment, done: (code: number) => void): Command {
  const program = new Command('slotgate')
    .description('A cluster proxy for Redis and Valkey: one endpoint in front of all shards.')
    .version(packageVersion(), '--version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({ writeOut: environment.writeOut, writeErr: environment.writeErr });
  addServeCommand(program, 'proxy', environment, done);
  addServeCommand(program, 'node', environment, done);
  addUpCommand(program, environment, done);
  addCheckCommand(program, environment, done);
  addCtlCommand(program, environment, done);
  return program;
}

// Each command's code is loaded when it runs: the proxy does not pay for the others.

interface ServeCommand {
  readonly form: DeploymentForm;
  readonly description: string;
  readonly examples: string;
  /** What its flags can set. */
  readonly scopes: readonly SettingScope[];
}

const SERVE_COMMANDS = {
  proxy: {
    form: 'single',
    description: 'a proxy in front of a cluster that you have',
    examples: PROXY_EXAMPLES,
    scopes: ['single', 'database', 'process'],
  },
  node: {
    form: 'nodes',
    description: 'one node of several, with any number of databases, as a file has them',
    examples: NODE_EXAMPLES,
    scopes: ['node', 'database', 'process'],
  },
} as const satisfies Readonly<Record<string, ServeCommand>>;

function addServeCommand(
  program: Command,
  name: keyof typeof SERVE_COMMANDS,
  environment: CommandEnvironment,
  done: (code: number) => void,
): void {
  const { form, description, examples, scopes } = SERVE_COMMANDS[name];
  const command = program.command(name).description(description).addHelpText('after', examples);
  addConfigurationFlags(command, scopes);
  command.action(async (options: ConfigurationOptions) => {
    const { serveCommand } = await import('./commands/serve.js');
    done(await serveCommand(configurationRequest(options), form, environment));
  });
}

function addCheckCommand(
  program: Command,
  environment: CommandEnvironment,
  done: (code: number) => void,
): void {
  const command = program
    .command('check')
    .description('checks a configuration and prints what it comes to, secrets masked');
  addConfigurationFlags(command);
  command.action(async (options: ConfigurationOptions) => {
    const { checkCommand } = await import('./commands/check.js');
    done(await checkCommand(configurationRequest(options), environment));
  });
}

function addUpCommand(
  program: Command,
  environment: CommandEnvironment,
  done: (code: number) => void,
): void {
  const command = program
    .command('up')
    .description('a local cluster of real servers, and a proxy in front of it')
    .option('--primaries <N>', 'primaries of the cluster (default 3, or as the directory has it)')
    .option('--replicas <N>', 'replicas of each primary (default 1, or as the directory has it)')
    .option('--port <PORT>', 'port of the proxy on every node, and on ::1', '12000')
    .option('--nodes <N>', 'nodes, at 127.0.0.1 and so on (default 3, or as the directory has it)')
    .option(
      '--placement <WORD>',
      'dense (all primaries on one node) or sparse (on all); moves the servers of a directory',
    )
    .option('--dir <PATH>', 'where the data is (default ~/.local/share/slotgate/up)')
    .option('--ephemeral', 'keep no data: a temporary directory that is removed at the end', false)
    .addHelpText('after', UP_EXAMPLES);
  addSettingFlags(command, ['mode', 'proxyPolicy', 'threads', 'admin', 'logLevel', 'logFormat']);
  command.action(async (options: UpOptions) => {
    const { upCommand } = await import('./commands/up.js');
    done(await upCommand({ ...options, flags: settingFlagValues({ ...options }) }, environment));
  });
}

interface UpOptions {
  readonly primaries?: string;
  readonly replicas?: string;
  readonly port: string;
  readonly nodes?: string;
  readonly placement?: string;
  readonly dir?: string;
  readonly ephemeral: boolean;
}

interface ConfigurationOptions extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly upstreamPasswordStdin?: boolean;
}

function addConfigurationFlags(command: Command, scopes?: readonly SettingScope[]): void {
  command
    .option('--config <FILE>', 'YAML file with settings (SLOTGATE_CONFIG)')
    .option(
      '--upstream-password-stdin',
      "read the password of the proxy's own user from standard input (or set SLOTGATE_UPSTREAM_PASSWORD)",
    );
  addSettingFlags(
    command,
    settingRows(scopes).map(([key]) => key),
  );
}

function configurationRequest(options: ConfigurationOptions) {
  return {
    flags: settingFlagValues(options),
    configFile: options.config,
    isPasswordOnStdin: options.upstreamPasswordStdin === true,
  };
}
