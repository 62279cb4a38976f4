import { stringify } from 'yaml';
import type { EffectiveConfig } from '../../config/effective-config.js';
import { settingRows } from '../../config/settings.js';
import { type ConfigurationRequest, startConfiguration } from '../configuration.js';
import type { CommandEnvironment } from '../environment.js';
import { EXIT_OK } from '../exit.js';

/** `slotgate check`: prints the effective configuration, as a file that says the same. */
export async function checkCommand(
  request: ConfigurationRequest,
  environment: CommandEnvironment,
): Promise<number> {
  const { config, warnings } = await startConfiguration(request, environment);
  for (const warning of warnings) environment.writeErr(`slotgate: ${warning}\n`);
  environment.writeOut(`${passwordLine(config)}${stringify(settingsTree(config))}`);
  return EXIT_OK;
}

/** A comment, since the file itself never holds the password. */
function passwordLine({ upstreamCredentials }: EffectiveConfig): string {
  const origin = upstreamCredentials.passwordOrigin;
  return origin === undefined ? '' : `# upstream password: *** (from ${origin})\n`;
}

function settingsTree(config: EffectiveConfig): Readonly<Record<string, unknown>> {
  const values = { ...config.values, threads: config.threads };
  const tree: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [key] of settingRows()) {
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
