import { CommandError, EXIT_USAGE } from '../exit.js';
import type { ApiClient } from './api-client.js';
import { balanceText, type UnbalancedObject } from './balance.js';
import { bindBody, databaseText, findDatabase, tuneBody } from './databases.js';
import { handOver, handoverText } from './handover.js';
import type { DatabaseObject } from './objects.js';
import { STATUS_SECTIONS, type StatusSection } from './sections.js';
import { fetchStatus, statusText } from './status.js';

/** What a command has: the other side, and where its answer goes. */
export interface CtlRun {
  readonly api: ApiClient;
  /** Prints text for people, or the value for scripts. */
  readonly show: (value: unknown, text: () => string) => void;
}

type CtlCommand = (run: CtlRun, args: string[]) => Promise<void>;

/** Each by the word that selects it. */
export const CTL_COMMANDS = {
  status,
  info,
  tune,
  bind,
  verify,
  handover,
} as const satisfies Readonly<Record<string, CtlCommand>>;

async function status({ api, show }: CtlRun, [section]: string[]): Promise<void> {
  const sections = section === undefined ? STATUS_SECTIONS : [sectionOf(section)];
  const all = await fetchStatus(api);
  show(section === undefined ? all : all[sectionOf(section)], () => statusText(all, sections));
}

function sectionOf(word: string): StatusSection {
  const section = STATUS_SECTIONS.find((known) => known === word);
  if (section === undefined) throw notAllowed('status', word, STATUS_SECTIONS.join(', '));
  return section;
}

async function info({ api, show }: CtlRun, [word = '', name]: string[]): Promise<void> {
  if (word !== 'db') throw notAllowed('info', word, 'db');
  const databases =
    name === undefined
      ? await api.get<readonly DatabaseObject[]>('/v1/bdbs')
      : [await findDatabase(api, name)];
  show(name === undefined ? databases : databases[0], () => databases.map(databaseText).join('\n'));
}

async function tune(
  { api, show }: CtlRun,
  [word = '', name = '', ...settings]: string[],
): Promise<void> {
  if (word !== 'db') throw notAllowed('tune', word, 'db');
  const body = tuneBody(settings);
  const { uid } = await findDatabase(api, name);
  const changed = await api.put<DatabaseObject>(`/v1/bdbs/${uid}`, body);
  show(changed, () => 'Finished successfully\n');
}

async function bind(
  { api, show }: CtlRun,
  [word = '', id = '', ...change]: string[],
): Promise<void> {
  if (word !== 'endpoint') throw notAllowed('bind', word, 'endpoint');
  const endpoint = id.replace(/^endpoint:/, '');
  const body = bindBody(change);
  const { uid } = await findDatabase(api, `db:${endpoint.split(':')[0]}`);
  const changed = await api.put<DatabaseObject>(`/v1/bdbs/${uid}`, { ...body, endpoint });
  show(changed, () => 'Finished successfully\n');
}

async function verify({ api, show }: CtlRun, [word = '']: string[]): Promise<void> {
  if (word !== 'balance') throw notAllowed('verify', word, 'balance');
  const unbalanced = await api.get<readonly UnbalancedObject[]>('/v1/balance');
  show(unbalanced, () => balanceText(unbalanced));
}

async function handover({ api, show }: CtlRun): Promise<void> {
  const done = await handOver(api);
  show(done, () => handoverText(done));
}

function notAllowed(command: string, given: string, allowed: string): CommandError {
  return new CommandError(
    EXIT_USAGE,
    `${command}: ${JSON.stringify(given)} is not allowed; allowed is ${allowed}`,
  );
}
