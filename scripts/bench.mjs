/** `npm run bench:…`: sets everything up, compiles bench to build/bench, runs one program of it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './setup/paths.mjs';
import { SetupProblem } from './setup/problem.mjs';
import { runQuietly } from './setup/run.mjs';
import { STEPS_TO_RUN, setUp } from './setup/steps.mjs';

const [program, ...options] = process.argv.slice(2);
const main = join(ROOT, 'build', 'bench', program);
try {
  await setUp(STEPS_TO_RUN);
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await runQuietly(process.execPath, [tsc, '--project', 'bench/tsconfig.json', '--pretty']);
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(`setup: ${error.message}`);
  process.exit(1);
}
process.argv = [process.argv[0], main, ...options];
await import(pathToFileURL(main).href);
