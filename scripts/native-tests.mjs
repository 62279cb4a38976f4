/** `npm run test:native|test:asan|test:tsan`: native tests only. Usage: native-tests.mjs MODE… */
import { SetupProblem } from './setup/problem.mjs';
import { runNativeTests } from './test/native.mjs';

try {
  for (const mode of process.argv.slice(2)) {
    const { failed, skipped } = await runNativeTests(mode);
    if (failed + skipped > 0) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
