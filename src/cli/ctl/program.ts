import { type Command, Option } from 'commander';
import type { CommandEnvironment } from '../environment.js';
import { EXIT_OK } from '../exit.js';
// The commands themselves are loaded when one is run: no other program of slotgate needs them.
import type { CTL_COMMANDS } from './commands.js';
import { STATUS_SECTIONS } from './sections.js';

const EXAMPLES = `
Examples:
  slotgate ctl status                               nodes, databases, endpoints and shards
  slotgate ctl status endpoints --json
  slotgate ctl info db db1
  slotgate ctl tune db db1 mode cluster policy all-master-shards
  slotgate ctl bind endpoint 1:1 policy all-nodes
  slotgate ctl bind endpoint 1:1 exclude node3
  slotgate ctl verify balance
  slotgate ctl handover                             a new process takes over, no connection is lost`;

interface CtlOptions {
  readonly url: string;
  readonly json?: true;
}

/** Adds `slotgate ctl`, which speaks to a running Slotgate over REST. */
export function addCtlCommand(
  program: Command,
  environment: CommandEnvironment,
  done: (code: number) => void,
): void {
  const ctl = program
    .command('ctl')
    .description('looks at a running slotgate and changes it')
    .addHelpText('after', EXAMPLES);
  const url = environment.env.SLOTGATE_CTL_URL ?? 'http://127.0.0.1:12090';
  const add = (name: keyof typeof CTL_COMMANDS, args: string, description: string) =>
    ctl
      .command(`${name} ${args}`.trim())
      .description(description)
      .addOption(
        new Option(
          '--url <URL>',
          'admin address of the slotgate to speak to (SLOTGATE_CTL_URL)',
        ).default(url),
      )
      .option('--json', 'for scripts: what the REST interface answers')
      .action(async (...given: unknown[]) => {
        const options = given.at(-2) as CtlOptions;
        await run(name, options, given.slice(0, -2).flat().filter(isText), environment);
        done(EXIT_OK);
      });
  add('status', '[section]', `all, or one of ${STATUS_SECTIONS.join(', ')}`);
  add('info', '<db> [name]', 'settings of a database, or of all');
  add('tune', '<db> <name> <settings...>', 'changes settings: mode, policy, preferred-ip-type, …');
  add('bind', '<endpoint> <id> <change...>', 'policy P, include NODE… or exclude NODE…');
  add('verify', '<balance>', 'lists nodes and endpoints that are unbalanced');
  add('handover', '', 'starts a new process, which takes the listening sockets over');
}

async function run(
  name: keyof typeof CTL_COMMANDS,
  { url, json }: CtlOptions,
  args: string[],
  { writeOut }: CommandEnvironment,
): Promise<void> {
  const [{ CTL_COMMANDS: commands }, { ApiClient }] = await Promise.all([
    import('./commands.js'),
    import('./api-client.js'),
  ]);
  const show = (value: unknown, text: () => string) =>
    writeOut(json === true ? `${JSON.stringify(value, undefined, 2)}\n` : text());
  await commands[name]({ api: new ApiClient(url), show }, args);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
