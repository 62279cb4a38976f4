import { z } from 'zod';
import { type ConfigChecks, NO_CHECKS } from './checks.js';
import { databasesSchema, nodesSchema } from './deployment-schema.js';
import { valueSchema } from './schema-values.js';
import type { SettingRow } from './setting-row.js';
import { type SettingKey, settingRows } from './settings.js';

type Shape = Record<string, z.ZodType>;

/** Strict schema of a configuration file: nested by the dots in the settings' keys. */
export function configSchema(checks: ConfigChecks): z.ZodObject {
  const topLevel = settingsShape(settingRows(), (row) => withDefault(row, checks));
  const ofDatabase = settingsShape(settingRows(['database']), (row) =>
    valueSchema(row, checks).describe(row.help).optional(),
  );
  return z.strictObject({
    ...topLevel,
    nodes: nodesSchema(checks)
      .describe('The nodes of a deployment, for slotgate node; goes with databases.')
      .optional(),
    databases: databasesSchema(ofDatabase)
      .describe(
        'The databases of a deployment. What one does not say is as at the top level of the file.',
      )
      .optional(),
  });
}

/** What `docs/config.schema.json` holds, for editors. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'Slotgate configuration',
    ...z.toJSONSchema(configSchema(NO_CHECKS), {
      io: 'input',
    }),
  };
}

/** Groups may be left out as a whole: each of their settings has a default or is optional. */
function settingsShape(
  rows: readonly (readonly [SettingKey, SettingRow])[],
  field: (row: SettingRow) => z.ZodType,
): Shape {
  const shape: Shape = {};
  const groups = new Map<string, Shape>();
  for (const [key, row] of rows) {
    const [first, second] = key.split('.') as [string, string | undefined];
    if (second === undefined) {
      shape[first] = field(row);
    } else {
      groups.set(first, { ...groups.get(first), [second]: field(row) });
    }
  }
  for (const [name, group] of groups) shape[name] = z.strictObject(group).prefault({});
  return shape;
}

function withDefault(row: SettingRow, checks: ConfigChecks): z.ZodType {
  const described = valueSchema(row, checks).describe(row.help);
  return row.default === undefined ? described.optional() : described.prefault(row.default);
}
