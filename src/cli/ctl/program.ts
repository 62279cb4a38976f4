import { type Command, Option } from 'commander';
import type { CommandEnvironment } from '../environment.js';
import { CommandError, EXIT_OK, EXIT_USAGE } from '../exit.js';
import { ApiClient } from './api-client.js';
import { balanceText, type UnbalancedObject } from './balance.js';
import { bindBody, databaseText, findDatabase, tuneBody } from './databases.js';
import type { DatabaseObject } from './objects.js';
import { fetchStatus, STATUS_SECTIONS, type StatusSection, statusText } from './status.js';

const EXAMPLES = `
Examples:
  slotgate ctl status                               nodes, databases, endpoints and shards
  slotgate ctl status endpoints --json
  slotgate ctl info db db1
  slotgate ctl tune db db1 mode cluster policy all-master-shards
  slotgate ctl bind endpoint 1:1 policy all-nodes
  slotgate ctl bind endpoint 1:1 exclude node3
  slotgate ctl verify balance`;

interface CtlOptions {
  readonly url: string;
  readonly json?: true;
}

interface Run extends CtlOptions {
  readonly api: ApiClient;
  /** Prints text for people, or the value for scripts. */
  readonly show: (value: unknown, text: () => string) => void;
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
  const add = (
    syntax: string,
    description: string,
    run: (run: Run, args: string[]) => Promise<void>,
  ) =>
    ctl
      .command(syntax)
      .description(description)
      .addOption(
        new Option(
          '--url <URL>',
          'admin address of the slotgate to speak to (SLOTGATE_CTL_URL)',
        ).default(environment.env.SLOTGATE_CTL_URL ?? 'http://127.0.0.1:12090'),
      )
      .option('--json', 'for scripts: what the REST interface answers')
      .action(async (...given: unknown[]) => {
        const options = given.at(-2) as CtlOptions;
        await run(runOf(options, environment), given.slice(0, -2).flat().filter(isText));
        done(EXIT_OK);
      });
  add('status [section]', `all, or one of ${STATUS_SECTIONS.join(', ')}`, status);
  add('info <db> [name]', 'settings of a database, or of all', info);
  add(
    'tune <db> <name> <settings...>',
    'changes settings: mode, policy, preferred-ip-type, …',
    tune,
  );
  add('bind <endpoint> <id> <change...>', 'policy P, include NODE… or exclude NODE…', bind);
  add('verify <balance>', 'lists nodes and endpoints that are unbalanced', verify);
}

function runOf(options: CtlOptions, { writeOut }: CommandEnvironment): Run {
  return {
    ...options,
    api: new ApiClient(options.url),
    show: (value, text) =>
      writeOut(options.json === true ? `${JSON.stringify(value, undefined, 2)}\n` : text()),
  };
}

async function status({ api, show }: Run, [section]: string[]): Promise<void> {
  const sections = section === undefined ? STATUS_SECTIONS : [sectionOf(section)];
  const all = await fetchStatus(api);
  show(section === undefined ? all : all[sectionOf(section)], () => statusText(all, sections));
}

function sectionOf(word: string): StatusSection {
  const section = STATUS_SECTIONS.find((known) => known === word);
  if (section === undefined) throw notAllowed('status', word, STATUS_SECTIONS.join(', '));
  return section;
}

async function info({ api, show }: Run, [word = '', name]: string[]): Promise<void> {
  if (word !== 'db') throw notAllowed('info', word, 'db');
  const databases =
    name === undefined
      ? await api.get<readonly DatabaseObject[]>('/v1/bdbs')
      : [await findDatabase(api, name)];
  show(name === undefined ? databases : databases[0], () => databases.map(databaseText).join('\n'));
}

async function tune(
  { api, show }: Run,
  [word = '', name = '', ...settings]: string[],
): Promise<void> {
  if (word !== 'db') throw notAllowed('tune', word, 'db');
  const body = tuneBody(settings);
  const { uid } = await findDatabase(api, name);
  const changed = await api.put<DatabaseObject>(`/v1/bdbs/${uid}`, body);
  show(changed, () => 'Finished successfully\n');
}

async function bind({ api, show }: Run, [word = '', id = '', ...change]: string[]): Promise<void> {
  if (word !== 'endpoint') throw notAllowed('bind', word, 'endpoint');
  const endpoint = id.replace(/^endpoint:/, '');
  const body = bindBody(change);
  const { uid } = await findDatabase(api, `db:${endpoint.split(':')[0]}`);
  const changed = await api.put<DatabaseObject>(`/v1/bdbs/${uid}`, { ...body, endpoint });
  show(changed, () => 'Finished successfully\n');
}

async function verify({ api, show }: Run, [word = '']: string[]): Promise<void> {
  if (word !== 'balance') throw notAllowed('verify', word, 'balance');
  const unbalanced = await api.get<readonly UnbalancedObject[]>('/v1/balance');
  show(unbalanced, () => balanceText(unbalanced));
}

function notAllowed(command: string, given: string, allowed: string): CommandError {
  return new CommandError(
    EXIT_USAGE,
    `${command}: ${JSON.stringify(given)} is not allowed; allowed is ${allowed}`,
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
