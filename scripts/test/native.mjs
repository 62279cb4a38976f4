/** The C++ tests of native/test and the replay of the fuzz corpus, built by native/Makefile. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../setup/paths.mjs';
import { capture, runQuietly } from '../setup/run.mjs';
import { findCompiler } from '../setup/toolchain.mjs';
import { describe, NOTHING, one, sum } from './tally.mjs';

const PROGRAM_TIMEOUT_MS = 180_000;
/** They wait for sockets and clocks most of the time, on two cores, too. */
const PROGRAMS_AT_A_TIME = 4;
const SANITIZER_ENVIRONMENT = {
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'second_deadlock_stack=1',
};

/**
 * Builds and runs every native test program in one mode; with `asan` also the fuzz targets, over
 * their committed corpus and regressions.
 * @param {'plain' | 'asan' | 'tsan'} mode
 * @returns {Promise<import('./tally.mjs').Tally>} A mode that the compiler cannot build is skipped.
 */
export async function runNativeTests(mode) {
  if (mode !== 'plain' && !(await canBuild(mode))) {
    console.log(`native ${mode}: skipped, the compiler lacks this sanitizer's runtime library`);
    return { ...NOTHING, skipped: 1 };
  }
  await tellWithoutLibuv(mode);
  const kinds = mode === 'asan' ? ['tests', 'replays'] : ['tests'];
  const total = sum(await runPrograms(await build(mode, ...kinds)));
  console.log(`native ${mode}: ${describe(total)}`);
  return total;
}

/** @param {string} mode @param {string[]} kinds @returns {Promise<string[]>} The programs' paths. */
export async function build(mode, ...kinds) {
  await runQuietly('make', makeArguments(mode, '-j2', ...kinds));
  const list = await runQuietly(
    'make',
    makeArguments(mode, ...kinds.map((kind) => `list-${kind}`)),
  );
  const programs = list.split('\n').filter((line) => line !== '');
  return programs.map((program) => join(ROOT, 'native', program));
}

function makeArguments(mode, ...rest) {
  const compiler = findCompiler();
  const choice = compiler === undefined || mode === 'fuzz' ? [] : [`CXX=${compiler}`];
  return ['--no-print-directory', '-s', '-C', 'native', `MODE=${mode}`, ...choice, ...rest];
}

/** In the strictest mode that the compiler can build: ASan and UBSan, else none. */
export async function runStrictestNativeTests() {
  return runNativeTests((await canBuild('asan')) ? 'asan' : 'plain');
}

async function canBuild(mode) {
  return (await capture('make', makeArguments(mode, 'probe'))).status === 0;
}

async function tellWithoutLibuv(mode) {
  const answer = await runQuietly('make', makeArguments(mode, 'have-libuv'));
  if (answer.trim() !== 'yes') {
    console.log(`native ${mode}: plane tests left out, no uv.h (Debian, Ubuntu: libuv1-dev)`);
  }
}

async function runPrograms(programs) {
  const waiting = [...programs];
  const tallies = [];
  const runOnes = async () => {
    for (let program = waiting.shift(); program !== undefined; program = waiting.shift()) {
      tallies.push(await runProgram(program));
    }
  };
  await Promise.all(Array.from({ length: PROGRAMS_AT_A_TIME }, runOnes));
  return tallies;
}

/** @returns {string[]} The folders of committed inputs that a fuzz target has. */
export function inputFolders(target) {
  return ['corpus', 'regressions']
    .map((kind) => join(ROOT, 'native', 'fuzz', kind, target))
    .filter((folder) => existsSync(folder));
}

/** A program's last line may tell its counts; without it the program counts as one test. */
async function runProgram(program) {
  const args = program.endsWith('_replay') ? inputFolders(basename(program, '_replay')) : [];
  const { output, status } = await capture(program, args, {
    env: SANITIZER_ENVIRONMENT,
    timeoutMs: PROGRAM_TIMEOUT_MS,
  });
  const counts = /^(\d+) passed, (\d+) failed\s*$/.exec(output.trimEnd().split('\n').at(-1) ?? '');
  const told = counts === null ? one(status === 0) : tallyOf(counts);
  if (status === 0 && told.failed === 0) return told;
  console.log(`${output.trimEnd()}\n${basename(program)} failed (${status})`);
  return { ...told, failed: Math.max(told.failed, 1) };
}

function tallyOf([, passed, failed]) {
  return { passed: Number(passed), failed: Number(failed), skipped: 0 };
}
