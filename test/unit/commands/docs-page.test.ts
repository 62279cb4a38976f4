import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderCommandsPage } from '../../../scripts/commands/page.mjs';
import { TABLE } from './support.js';

test('docs/commands.md is fresh: if not, "npm run docs:commands"', () => {
  const page = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8');
  expect(page).toBe(renderCommandsPage(TABLE.rows));
});
