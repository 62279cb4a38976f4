/**
 * Sets the project up: packages, native build, TypeScript build, servers, programs that tests use;
 * only what changed.
 * Usage: node scripts/setup.mjs [packages] [native] [typescript] [servers] [programs]
 */
import { SetupProblem } from './setup/problem.mjs';
import { STEPS, setUp } from './setup/steps.mjs';

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(STEPS, name));
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. Steps: ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}
try {
  await setUp(names.length > 0 ? names : undefined);
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(`setup: ${error.message}`);
  process.exit(1);
}
