import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findClusterPort } from '../support/ports.js';
import { findProgram } from '../support/programs.js';
import { TestClient } from '../support/resp-client.js';
import { waitFor } from '../support/wait.js';
import { exactKind } from './drivers/exact-driver.js';
import { ioredisKind } from './drivers/ioredis-driver.js';
import type { Stage } from './stage/stage.js';
import type { Target } from './target.js';

const HOST = '127.0.0.1';
/** Debian puts daemons where an ordinary user's PATH may not lead. */
const PROGRAMS = ['nutcracker', '/usr/sbin/nutcracker', '/usr/local/sbin/nutcracker'];

/** @returns undefined, after a line that says so, where it is not installed. */
export function findNutcracker(): string | undefined {
  return findProgram('nutcracker (twemproxy)', PROGRAMS, ['--version']);
}

/** In front of servers that stand alone, with the settings of its documentation. */
export async function startNutcrackerTarget(program: string, stage: Stage): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'slotgate-nutcracker-'));
  const port = await findClusterPort();
  const config = join(folder, 'nutcracker.yml');
  writeFileSync(config, configuration(port, stage));
  const statsPort = await findClusterPort();
  const logFile = join(folder, 'log');
  const child = spawn(
    program,
    [
      ...['-c', config, '-p', join(folder, 'pid'), '-o', logFile],
      ...['-a', HOST, '-s', String(statsPort)],
    ],
    { stdio: 'ignore' },
  );
  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilServing(port);
  } catch (cause) {
    const text = log();
    await stop();
    throw new Error(`nutcracker does not serve:\n${text}`, { cause });
  }
  const target = { host: HOST, port };
  const version = /nutcracker-(\S+)/.exec(spawnSync(program, ['--version']).stderr.toString())?.[1];
  return {
    about: `nutcracker ${version ?? ''} in front of servers that stand alone`,
    abilities: {
      crossSlot: true,
      crossSlotExists: false,
      echo: false,
      evalsha: false,
      transactions: false,
      blocking: false,
      pubsub: false,
      shardedPubsub: false,
      wait: false,
    },
    drivers: [exactKind(2, target), ioredisKind(2, target, false), exactKind(2, target)],
    passedForOrder: async () => 0,
    log,
    problems: () => (child.exitCode === null ? [] : [`nutcracker ended:\n${log().slice(-2_000)}`]),
    stop,
  };
}

function configuration(port: number, stage: Stage): string {
  return [
    'chaos:',
    `  listen: ${HOST}:${port}`,
    '  redis: true',
    '  hash: fnv1a_64',
    '  hash_tag: "{}"',
    '  distribution: ketama',
    '  auto_eject_hosts: false',
    '  server_retry_timeout: 100',
    '  servers:',
    ...stage.relays.map((relay, i) => `   - ${relay.address}:1 server${i}`),
    '',
  ].join('\n');
}

async function untilServing(port: number): Promise<void> {
  await waitFor('nutcracker to serve', async () => {
    const client = await TestClient.connect({ port });
    try {
      return (await client.call('GET', 'any')) === null;
    } finally {
      client.close();
    }
  });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await ended;
}
