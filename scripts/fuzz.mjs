/**
 * `npm run fuzz [-- SECONDS [TARGET…]]`: each fuzz target for so many seconds (default 60), with
 * clang's libFuzzer, from the committed corpus. New inputs stay in .cache/fuzz/TARGET; an input that
 * fails is written to native/fuzz/regressions/TARGET, to be committed with its fix.
 */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CACHE, ROOT } from './setup/paths.mjs';
import { SetupProblem } from './setup/problem.mjs';
import { findInPath, runInForeground } from './setup/run.mjs';
import { build, inputFolders } from './test/native.mjs';

const [seconds = '60', ...targets] = process.argv.slice(2);

function fuzz(program, target) {
  const finds = join(CACHE, 'fuzz', target);
  const regressions = join(ROOT, 'native', 'fuzz', 'regressions', target);
  for (const folder of [finds, regressions]) mkdirSync(folder, { recursive: true });
  console.log(`fuzz: ${target} for ${seconds} s`);
  return runInForeground(program, [
    `-max_total_time=${seconds}`,
    '-timeout=10',
    '-rss_limit_mb=2048',
    '-print_final_stats=1',
    `-artifact_prefix=${regressions}/`,
    finds,
    ...inputFolders(target),
  ]);
}

async function fuzzAll() {
  if (!/^[1-9]\d*$/.test(seconds)) {
    throw new SetupProblem(
      `"${seconds}" is not a number of seconds.`,
      'Usage: npm run fuzz -- 600 [TARGET…]',
    );
  }
  if (findInPath('clang++') === undefined) {
    throw new SetupProblem('Fuzzing needs clang++.', 'Debian, Ubuntu: apt-get install clang');
  }
  const programs = new Map(
    (await build('fuzz', 'fuzzers')).map((program) => [basename(program, '_fuzz'), program]),
  );
  const unknown = targets.filter((target) => !programs.has(target));
  if (unknown.length > 0 || programs.size === 0) {
    throw new SetupProblem(
      `No such fuzz target: ${unknown.join(', ')}.`,
      `Targets: ${[...programs.keys()].join(', ')}`,
    );
  }
  const chosen = targets.length > 0 ? targets : [...programs.keys()];
  return chosen.filter((target) => fuzz(programs.get(target), target) !== 0);
}

try {
  const failed = await fuzzAll();
  if (failed.length > 0) console.error(`fuzz: failed: ${failed.join(', ')}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
