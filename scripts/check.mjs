/** `npm run check`: types, lint, format, and the tidiness tests (layers, links, sizes). */
import { runCheck } from './test/check.mjs';
import { describe, sum } from './test/tally.mjs';
import { runVitest } from './test/vitest.mjs';

const total = sum([runCheck(), runVitest(['test/tidy/'])]);
console.log(`\n${describe(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;
