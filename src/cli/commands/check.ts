import { stringify } from 'yaml';
import { formatAddress } from '../../config/addresses.js';
import type { DatabaseConfig, DeploymentConfig } from '../../config/deployment.js';
import type { NodeConfig } from '../../config/nodes.js';
import { type SettingScope, settingRows } from '../../config/settings.js';
import { type ConfigurationRequest, startConfiguration } from '../configuration.js';
import type { CommandEnvironment } from '../environment.js';
import { EXIT_OK } from '../exit.js';

type Tree = Readonly<Record<string, unknown>>;

/** `slotgate check`: prints the effective configuration, as a file that says the same. */
export async function checkCommand(
  request: ConfigurationRequest,
  environment: CommandEnvironment,
): Promise<number> {
  const { config, warnings } = await startConfiguration(request, undefined, environment);
  for (const warning of warnings) environment.writeErr(`slotgate: ${warning}\n`);
  const text = stringify(fileTree(config), { aliasDuplicateObjects: false });
  environment.writeOut(`${config.databases.map(passwordLine).join('')}${text}`);
  return EXIT_OK;
}

/** A comment, since the file itself never holds the password. */
function passwordLine({ databaseName, upstreamCredentials }: DatabaseConfig): string {
  const origin = upstreamCredentials.passwordOrigin;
  return origin === undefined
    ? ''
    : `# upstream password of ${databaseName}: *** (from ${origin})\n`;
}

function fileTree({ form, nodes, databases }: DeploymentConfig): Tree {
  const trees = databases.map((database) => {
    const scopes: readonly SettingScope[] =
      form === 'single' ? ['single', 'database'] : ['database'];
    const process = settingsTree(database, ['node', 'process']);
    return { process, own: settingsTree(database, scopes), database };
  });
  const process = trees[0]?.process;
  if (form === 'single') return { ...trees[0]?.own, ...process };
  return {
    ...process,
    nodes: nodes.map(nodeTree),
    databases: trees.map(({ own, database }) => ({
      name: database.databaseName,
      port: database.port,
      ...own,
    })),
  };
}

function settingsTree(database: DatabaseConfig, scopes: readonly SettingScope[]): Tree {
  const values = { ...database.values, threads: database.threads };
  const tree: Record<string, unknown> = {};
  const groups: Record<string, Tree> = {};
  for (const [key] of settingRows(scopes)) {
    const value = values[key];
    const [first, second] = key.split('.') as [string, string | undefined];
    if (value === undefined) continue;
    if (second === undefined) {
      tree[first] = value;
    } else {
      groups[first] = { ...groups[first], [second]: value };
    }
  }
  return { ...tree, ...groups };
}

/** As the file has it: what is not known is left out. */
function nodeTree({ admin, ...node }: NodeConfig): Tree {
  const entries = Object.entries({ ...node, admin: admin === null ? null : formatAddress(admin) });
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}
