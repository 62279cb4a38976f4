/**
 * Puts the results of bench/results into docs/benchmarks.md, between the markers that name them:
 * `<!-- bench:NAME -->` … `<!-- /bench:NAME -->`. A result that does not exist is left as it is.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../support/paths.js';
import { renderResult } from './report-tables.js';
import { hasResult, readResult } from './results.js';

const PAGE = join(PROJECT_ROOT, 'docs', 'benchmarks.md');
const SECTION = /<!-- bench:([\w.-]+) -->\n[\s\S]*?<!-- \/bench:\1 -->/g;

let page = await readFile(PAGE, 'utf8');
for (const [section, name = ''] of page.matchAll(SECTION)) {
  if (!hasResult(name)) {
    console.error(`no bench/results/${name}.json: its section stays as it is`);
    continue;
  }
  const text = renderResult(await readResult(name));
  const replaced = `<!-- bench:${name} -->\n\n${text}\n\n<!-- /bench:${name} -->`;
  page = page.replace(section, () => replaced);
}
await writeFile(PAGE, page);
