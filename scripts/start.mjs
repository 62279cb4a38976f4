/**
 * `npm start [-- options]`: sets everything up, then is `slotgate up [options]`. The program runs in
 * this very process, so that Ctrl-C, signals and the exit code are its own.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './setup/paths.mjs';
import { SetupProblem } from './setup/problem.mjs';
import { STEPS_TO_RUN, setUp } from './setup/steps.mjs';

try {
  await setUp(STEPS_TO_RUN);
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(`setup: ${error.message}`);
  process.exit(1);
}
const main = join(ROOT, 'dist', 'main.js');
process.argv = [process.argv[0], main, 'up', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
