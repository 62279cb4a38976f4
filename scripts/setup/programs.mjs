/**
 * Step "programs": client libraries of other languages, for the tests. Those of the system are
 * taken, else the distribution's packages are unpacked. What cannot be had is no failure: its tests
 * are skipped, and say why. Written to .cache/programs.json:
 *
 *   {
 *     "python": { "command": "python3", "env": { "PYTHONPATH": "/…" } },   has module redis
 *     "hiredis": { "compiler": "g++", "compile": ["-I/…"], "link": ["/…/libhiredis.a"] }
 *   }
 *
 * or, in place of either, { "absent": "why" }.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAptSystem, unpackPackages } from './apt.mjs';
import { CACHE, PROGRAMS_RECORD } from './paths.mjs';
import { SetupProblem } from './problem.mjs';
import { capture } from './run.mjs';
import { findCompiler } from './toolchain.mjs';

const PROGRAMS = join(CACHE, 'programs');

/** @type {import('./steps.mjs').Step} */
export const programs = {
  name: 'programs',
  isDone: () => areInPlace(readRecord()),
  async run() {
    const python = await orAbsent(findPython);
    const hiredis = await orAbsent(findHiredis);
    writeFileSync(PROGRAMS_RECORD, `${JSON.stringify({ python, hiredis }, null, 2)}\n`);
  },
};

function readRecord() {
  try {
    return JSON.parse(readFileSync(PROGRAMS_RECORD, 'utf8'));
  } catch {
    return {};
  }
}

function areInPlace({ python, hiredis }) {
  if (python === undefined || hiredis === undefined) return false;
  const paths = [python.env?.PYTHONPATH, ...(hiredis.link ?? [])];
  return paths.every((path) => path?.startsWith('/') !== true || existsSync(path));
}

async function orAbsent(find) {
  mkdirSync(PROGRAMS, { recursive: true });
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    return { absent: error.message };
  }
}

function requireApt(name) {
  if (isAptSystem()) return;
  throw new SetupProblem(`${name} is not installed.`, 'Install it if its tests are to be run.');
}

async function findPython() {
  const installed = await pythonWith({});
  if (installed !== undefined) return installed;
  requireApt("Python's module redis");
  const folder = join(PROGRAMS, 'python');
  const env = { PYTHONPATH: join(folder, 'usr', 'lib', 'python3', 'dist-packages') };
  let found;
  await unpackPackages(
    folder,
    ['python3-redis'],
    (name) => name.startsWith('python3-'),
    async () => {
      found = await pythonWith(env);
      return found !== undefined;
    },
  );
  if (found !== undefined) return found;
  throw new SetupProblem('No python3 can import the unpacked module redis.', `See ${folder}`);
}

/** The python3 in PATH may be another one than the system's, for which packages are made. */
async function pythonWith(env) {
  for (const command of ['python3', '/usr/bin/python3']) {
    if ((await capture(command, ['-c', 'import redis'], { env })).status === 0) {
      return { command, env };
    }
  }
  return undefined;
}

async function findHiredis() {
  const compiler = findCompiler() ?? 'c++';
  const installed = { compiler, compile: [], link: ['-lhiredis'] };
  if (await canLink(installed)) return installed;
  requireApt('hiredis');
  const folder = join(PROGRAMS, 'hiredis');
  await unpackPackages(
    folder,
    ['libhiredis-dev'],
    () => false,
    async () => true,
  );
  const library = readdirSync(folder, { withFileTypes: true, recursive: true }).find(
    (entry) => entry.name === 'libhiredis.a',
  );
  const unpacked = {
    compiler,
    compile: [`-I${join(folder, 'usr', 'include')}`],
    link: library === undefined ? [] : [join(library.parentPath, library.name)],
  };
  if (await canLink(unpacked)) return unpacked;
  throw new SetupProblem('Nothing can be linked with the unpacked hiredis.', `See ${folder}`);
}

async function canLink({ compiler, compile, link }) {
  const source = join(PROGRAMS, 'probe.cc');
  writeFileSync(
    source,
    '#include <hiredis/hiredis.h>\nint main() { redisFree(redisConnect("", 0)); }\n',
  );
  const output = join(dirname(source), 'probe');
  return (await capture(compiler, [...compile, source, ...link, '-o', output])).status === 0;
}
