import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFIG_CHECKS } from '../../../src/cli/config-checks.js';
import { settingsReference } from '../../../src/config/reference.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { configJsonSchema } from '../../../src/config/schema.js';

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

test('the examples in docs/configuration.md are valid', () => {
  const page = readFileSync(new URL('configuration.md', DOCS), 'utf8');
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)];
  expect(examples).toHaveLength(2);
  for (const [, text = ''] of examples) {
    const flags = text.includes('nodes:') ? { node: 'n1' } : {};
    const sources = { flags, env: {}, file: { name: 'f', text }, form: undefined };
    expect(resolveConfig(sources, CONFIG_CHECKS)).toMatchObject({ kind: 'ok', warnings: [] });
  }
});
