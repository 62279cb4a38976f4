import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Children } from '../support/children.js';
import { PROJECT_ROOT } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { findInPath, unpackDebianProgram } from '../support/programs.js';
import { type Address, serverVersion, waitFor, waitUntilServing } from '../support/redis.js';
import type { Server } from '../support/servers.js';
import type { Peer } from './options.js';
import type { Target } from './target.js';

const run = promisify(execFile);

/**
 * Slotgate as shipped: every setting but the addresses, the threads and what `flags` say is the
 * default.
 */
export async function startSlotgate(
  children: Children,
  seeds: readonly Address[],
  threads: string,
  flags: readonly string[] = [],
): Promise<Target> {
  const main = join(PROJECT_ROOT, 'dist', 'main.js');
  const address = { host: '127.0.0.1', port: await freePort() };
  const admin = `127.0.0.1:${await freePort()}`;
  const version = (await run(process.execPath, [main, '--version'])).stdout.trim();
  const child = children.start('slotgate', process.execPath, [
    ...[main, 'proxy', '--listen', `${address.host}:${address.port}`, '--admin', admin],
    ...['--threads', threads, ...flags],
    ...seeds.flatMap((seed) => ['--seed', `${seed.host}:${seed.port}`]),
  ]);
  await child.untilReady(async (signal) => {
    await waitFor(`http://${admin}/readyz`, () => isOk(`http://${admin}/readyz`), signal);
    await waitUntilServing(address, signal);
  });
  const about = `slotgate ${version}, ${threads} worker thread(s), ${flags.join(' ') || 'defaults'}, before the cluster`;
  const metricsUrl = `http://${admin}/metrics`;
  return { name: 'slotgate', ...address, pid: child.pid, about, metricsUrl };
}

async function isOk(url: string): Promise<boolean> {
  return (await fetch(url)).ok;
}

/** twemproxy in front of stand-alone servers; undefined where it is neither found nor unpacked. */
export async function startNutcracker(
  children: Children,
  servers: readonly Address[],
): Promise<Target | undefined> {
  const program =
    (await findInPath('nutcracker')) ??
    (await unpackDebianProgram('nutcracker', 'usr/sbin/nutcracker'));
  if (program === undefined) return undefined;
  const address = { host: '127.0.0.1', port: await freePort() };
  const configPath = join(children.directory, 'nutcracker.yml');
  await writeFile(configPath, nutcrackerConfig(address, servers));
  const child = children.start('nutcracker', program, [
    ...['-c', configPath, '-p', join(children.directory, 'nutcracker.pid')],
    ...['-o', '/dev/stderr', '-a', '127.0.0.1', '-s', String(await freePort())],
  ]);
  await child.untilReady((signal) => waitUntilServing(address, signal));
  const version = /nutcracker-(\S+)/.exec((await run(program, ['-V'])).stderr)?.[1] ?? 'unknown';
  const about = `twemproxy (nutcracker) ${version}, before ${servers.length} stand-alone servers`;
  return { name: 'nutcracker', ...address, pid: child.pid, about };
}

function nutcrackerConfig(listen: Address, servers: readonly Address[]): string {
  return [
    'bench:',
    `  listen: ${listen.host}:${listen.port}`,
    '  redis: true',
    '  hash: fnv1a_64',
    '  distribution: ketama',
    '  preconnect: true',
    '  auto_eject_hosts: false',
    '  servers:',
    ...servers.map((server, index) => `   - ${server.host}:${server.port}:1 server${index}`),
    '',
  ].join('\n');
}

/** A stand-alone server without any proxy: what a shard does by itself. */
export async function directTarget(server: Server): Promise<Target> {
  const about = `${await serverVersion(server)}, one stand-alone server, no proxy`;
  return {
    name: 'server',
    host: server.host,
    port: server.port,
    pid: server.pid,
    about,
  };
}

/** A proxy that the user has started. */
export async function peerTarget(peer: Peer): Promise<Target> {
  await waitUntilServing(peer);
  return { ...peer, about: `${peer.name}, started by hand` };
}
