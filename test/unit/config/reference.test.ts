import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsReference } from '../../../src/config/reference.js';
import { configJsonSchema, configSchema, NO_CHECKS } from '../../../src/config/schema.js';

const DOCS = new URL('../../../docs/', import.meta.url);
const REGENERATE = 'stale: npm run build && node scripts/config/write-reference.mjs';

test('docs/config.schema.json is fresh', () => {
  const written: unknown = JSON.parse(readFileSync(new URL('config.schema.json', DOCS), 'utf8'));
  expect(written, REGENERATE).toEqual(configJsonSchema());
});

test('the table in docs/configuration.md is fresh', () => {
  const page = readFileSync(new URL('configuration.md', DOCS), 'utf8');
  expect(page.includes(settingsReference()), REGENERATE).toBe(true);
});

test('the example in docs/configuration.md is valid', () => {
  const page = readFileSync(new URL('configuration.md', DOCS), 'utf8');
  const example: unknown = parse(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  expect(configSchema(NO_CHECKS).safeParse(example).error).toBeUndefined();
});
