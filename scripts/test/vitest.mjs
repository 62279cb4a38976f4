/** The TypeScript tests, by vitest. */
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CACHE } from '../setup/paths.mjs';
import { runInForeground } from '../setup/run.mjs';
import { NOTHING } from './tally.mjs';

const REPORT = join(CACHE, 'test-results', 'vitest.json');

/**
 * @param {readonly string[]} filters Paths or parts of them; all tests if empty.
 * @param {string} [node] The node to run them with.
 * @returns {import('./tally.mjs').Tally}
 */
export function runVitest(filters, node = process.execPath) {
  rmSync(REPORT, { force: true });
  const vitestFolder = dirname(createRequire(import.meta.url).resolve('vitest/package.json'));
  const status = runInForeground(node, [
    join(vitestFolder, 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
    ...filters,
  ]);
  const tally = readReport();
  // Errors outside of any test, or no report at all, are failures that no test counts.
  return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function readReport() {
  let report;
  try {
    report = JSON.parse(readFileSync(REPORT, 'utf8'));
  } catch {
    return { ...NOTHING, failed: 1 };
  }
  // A file that could not be loaded has failed without having any test.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(isFailed),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function isFailed(result) {
  return result.status === 'failed';
}
