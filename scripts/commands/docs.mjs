// Writes docs/commands.md from the built command table (dist/): run "npm run build" first.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { coreTable } from '../../dist/commands/index.js';
import { renderCommandsPage } from './page.mjs';

const file = fileURLToPath(new URL('../../docs/commands.md', import.meta.url));
writeFileSync(file, renderCommandsPage(coreTable().rows));
console.log(`${file} written`);
