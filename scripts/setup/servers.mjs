/**
 * Step "servers": finds or unpacks redis-server or valkey-server with its command-line tools, and
 * writes where they are to .cache/servers.json:
 *
 *   {
 *     "redisServer": "/…/redis-server",        executables, full paths; a Valkey server's
 *     "redisCli": "/…/redis-cli",              are called valkey-…
 *     "redisBenchmark": "/…/redis-benchmark",
 *     "env": { "LD_LIBRARY_PATH": "/…" },      to be added to the environment they run in; may be {}
 *     "version": "Redis 7.0.15",
 *     "others": [ … ]                          the same fields: further servers that tests may use
 *   }
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isAptSystem } from './apt.mjs';
import { CACHE, SERVERS_RECORD } from './paths.mjs';
import { SetupProblem } from './problem.mjs';
import { capture, findInPath, isExecutable } from './run.mjs';
import { unpackServers } from './server-packages.mjs';

/** Cluster commands that `slotgate up` needs (ADDSLOTSRANGE, SHARDS) came with Redis 7.0. */
const OLDEST_MAJOR = 7;

const INSTALL_SERVERS = [
  'Install Redis or Valkey, version 7 or later, so that its server, -cli and -benchmark are in PATH:',
  'Debian, Ubuntu:  apt-get install redis-server',
  'Fedora:          dnf install valkey',
  'Alpine:          apk add redis   (or: apk add valkey valkey-cli valkey-benchmark)',
  'macOS:           brew install redis',
].join('\n');

/**
 * @typedef {object} Servers
 * @property {string} redisServer
 * @property {string} redisCli
 * @property {string} redisBenchmark
 * @property {Record<string, string>} env
 * @property {string} version
 */

/** @type {import('./steps.mjs').Step} */
export const servers = {
  name: 'servers',
  isDone: () => readRecord().every(areInPlace),
  async run() {
    const found = await findServers();
    const [first, ...others] = found;
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(SERVERS_RECORD, `${JSON.stringify({ ...first, others }, null, 2)}\n`);
  },
};

/** @returns {Servers[]} What the record names; one that cannot be in place if there is no record. */
function readRecord() {
  try {
    const { others = [], ...first } = JSON.parse(readFileSync(SERVERS_RECORD, 'utf8'));
    return [first, ...others];
  } catch {
    return [{}];
  }
}

function areInPlace({ redisServer, redisCli, redisBenchmark, version }) {
  const tools = [redisServer, redisCli, redisBenchmark];
  return version !== undefined && tools.every((path) => path !== undefined && isExecutable(path));
}

/** @returns {Promise<Servers[]>} At least one. */
async function findServers() {
  const installed = await withVersions(['redis', 'valkey'].flatMap(toolsInPath));
  if (installed.length > 0) return installed;
  if (!isAptSystem()) {
    throw new SetupProblem('No Redis or Valkey server was found in PATH.', INSTALL_SERVERS);
  }
  try {
    const unpacked = await withVersions(await unpackServers());
    if (unpacked.length > 0) return unpacked;
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    throw new SetupProblem(error.message, INSTALL_SERVERS);
  }
  throw new SetupProblem('The packaged servers do not run, or are too old.', INSTALL_SERVERS);
}

/** @returns {Omit<Servers, 'version'>[]} One, or none unless all three tools are there. */
function toolsInPath(family) {
  const [redisServer, redisCli, redisBenchmark] = ['server', 'cli', 'benchmark'].map((tool) =>
    findInPath(`${family}-${tool}`),
  );
  const isComplete = [redisServer, redisCli, redisBenchmark].every((path) => path !== undefined);
  return isComplete ? [{ redisServer, redisCli, redisBenchmark, env: {} }] : [];
}

/** Runs each server once: only those that start and are new enough stay. */
async function withVersions(candidates) {
  const found = [];
  for (const candidate of candidates) {
    const { output } = await capture(candidate.redisServer, ['--version'], { env: candidate.env });
    const [, version, major] = /\bv=((\d+)[.\d]*)/.exec(output) ?? [];
    if (version === undefined || Number(major) < OLDEST_MAJOR) continue;
    const family = basename(candidate.redisServer).startsWith('valkey') ? 'Valkey' : 'Redis';
    found.push({ ...candidate, version: `${family} ${version}` });
  }
  return found;
}
