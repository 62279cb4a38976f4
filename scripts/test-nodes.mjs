/**
 * `npm run test:nodes [-- MAJOR…]`: the one built addon under every Node that it must run on. The
 * Nodes come from the npm registry (the platform packages of the npm package `node`), into .cache.
 */
import { join } from 'node:path';
import { CACHE } from './setup/paths.mjs';
import { SetupProblem } from './setup/problem.mjs';
import { capture, isExecutable, runQuietly } from './setup/run.mjs';
import { STEPS_TO_RUN, setUp } from './setup/steps.mjs';
import { describe } from './test/tally.mjs';
import { runVitest } from './test/vitest.mjs';

const MAJORS = ['20', '22', '24', '26'];
/** What depends on the Node that loads the addon: the boundary, and how environments end. */
const SUITES = ['test/native/', 'test/integration/addon-lifetime.test.ts'];

/** @returns {Promise<string>} The path of a node of this major version. */
async function fetchNode(major) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, 'nodes', major);
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (!isExecutable(node)) {
    console.log(`fetching Node ${major} …`);
    await runQuietly('npm', [
      'install',
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      `--prefix=${folder}`,
      `${name}@${major}`,
    ]);
  }
  return node;
}

async function testUnder(major) {
  const node = await fetchNode(major);
  const expression = "process.version + ', libuv ' + process.versions.uv";
  const { output } = await capture(node, ['-p', expression]);
  console.log(`Node ${output.trim()}`);
  return { major, version: output.trim(), tally: runVitest(SUITES, node) };
}

try {
  await setUp(STEPS_TO_RUN);
  const results = [];
  const majors = process.argv.length > 2 ? process.argv.slice(2) : MAJORS;
  for (const major of majors) results.push(await testUnder(major));
  for (const { version, tally } of results) console.log(`Node ${version}: ${describe(tally)}`);
  process.exitCode = results.some(({ tally }) => tally.failed > 0) ? 1 : 0;
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
