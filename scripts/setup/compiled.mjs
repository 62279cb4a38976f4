/** Programs that are not shipped: compiled to build, and run from there in this very process. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './paths.mjs';
import { SetupProblem } from './problem.mjs';
import { runQuietly } from './run.mjs';
import { STEPS_TO_RUN, setUp } from './steps.mjs';

/**
 * Sets everything up, compiles, and runs.
 * @param {string} project Path of the tsconfig.json.
 * @param {string} program Path of the program below build.
 * @param {readonly string[]} options Its arguments.
 */
export async function runCompiled(project, program, options) {
  const main = join(ROOT, 'build', program);
  try {
    await setUp(STEPS_TO_RUN);
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    await runQuietly(process.execPath, [tsc, '--project', project, '--pretty']);
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(`setup: ${error.message}`);
    process.exit(1);
  }
  process.argv = [process.argv[0], main, ...options];
  await import(pathToFileURL(main).href);
}
