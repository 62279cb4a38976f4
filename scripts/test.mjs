/**
 * `npm test`: sets everything up, then runs every test: check, native tests under ASan
 * and UBSan where the compiler has them (`npm run test:native` runs them without), vitest.
 * The last line holds the counts of all of them; the exit code is 1 if anything failed.
 */
import { SetupProblem } from './setup/problem.mjs';
import { setUp } from './setup/steps.mjs';
import { runCheck } from './test/check.mjs';
import { runStrictestNativeTests } from './test/native.mjs';
import { describe, one, sum } from './test/tally.mjs';
import { runVitest } from './test/vitest.mjs';

const STAGES = [
  async () => runCheck(),
  () => runStrictestNativeTests(),
  async () => runVitest(process.argv.slice(2)),
];

/** What cannot even be built has failed; the other stages still run. */
async function runStage(stage) {
  try {
    return await stage();
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.log(error.message);
    return one(false);
  }
}

async function runAll() {
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.log(`setup: ${error.message}`);
    return one(false);
  }
  const tallies = [];
  for (const stage of STAGES) tallies.push(await runStage(stage));
  return sum(tallies);
}

const total = await runAll();
console.log(`\n${describe(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;
