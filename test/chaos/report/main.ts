/**
 * `npm run chaos:report`: puts the runs of test/chaos/results, each file as `npm run chaos -- --out FILE`
 * wrote it, into docs/chaos.md between its markers.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root.js';
import type { Report } from './report.js';
import { resultsTable } from './table.js';

const RESULTS = join(ROOT, 'test', 'chaos', 'results');
const PAGE = join(ROOT, 'docs', 'chaos.md');
const SECTION = /(<!-- chaos:results -->\n)[\s\S]*?(\n<!-- \/chaos:results -->)/;

const runs = readdirSync(RESULTS)
  .sort()
  .flatMap((file): Report[] => JSON.parse(readFileSync(join(RESULTS, file), 'utf8')));
const page = readFileSync(PAGE, 'utf8');
if (!SECTION.test(page)) throw new Error(`${PAGE} has no place for results`);
writeFileSync(
  PAGE,
  page.replace(SECTION, (_, begin, end) => `${begin}\n${resultsTable(runs)}\n${end}`),
);
