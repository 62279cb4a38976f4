/** Types, lint and format of everything. The layers are tests: test/tidy. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runInForeground } from '../setup/run.mjs';
import { one, sum } from './tally.mjs';

/** @returns {import('./tally.mjs').Tally} Two tests. */
export function runCheck() {
  const require = createRequire(import.meta.url);
  const tsc = require.resolve('typescript/bin/tsc');
  const biome = join(dirname(require.resolve('@biomejs/biome/package.json')), 'bin', 'biome');
  const checks = [
    { name: 'types', args: [tsc, '--noEmit', '--project', 'tsconfig.json', '--pretty'] },
    { name: 'lint and format', args: [biome, 'check', '--error-on-warnings'] },
  ];
  return sum(checks.map(runOne));
}

function runOne({ name, args }) {
  const isPassed = runInForeground(process.execPath, args) === 0;
  console.log(`check: ${name}: ${isPassed ? 'ok' : 'FAILED'}`);
  return one(isPassed);
}
