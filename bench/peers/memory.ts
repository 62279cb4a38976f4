import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFilesMax, residentBytes } from '../support/process-stats.js';
import type { Address } from '../support/redis.js';
import { keyAt } from './cases.js';
import type { Environment } from './environment.js';
import { loadKeySpace } from './key-space.js';
import type { Options } from './options.js';
import type { MemoryResult } from './results.js';
import type { Target } from './target.js';

const BURST_BYTES = 64 * 1024;
const VALUE_BYTES = 64;
const KEY_COUNT = 1000;
/** Clients that work at the same time; the others are idle. */
const WAVE = 50;
const SETTLE_MS = 2000;
const REST_MS = 10_000;
/** Files that a target has open besides its clients, generously. */
const OTHER_FILES = 200;
const BURST_TIMEOUT_MS = 30_000;

interface Burst {
  readonly request: Buffer;
  readonly replyBytes: number;
}

/** What clients that have done some work and now rest cost each target. */
export async function measureMemory(
  environment: Environment,
  options: Options,
): Promise<MemoryResult> {
  const targets = environment.targets.filter(({ name }) => name !== 'server');
  const idle = new Map<string, number>();
  await sleep(SETTLE_MS);
  for (const target of targets) idle.set(target.name, residentBytes(target.pid));
  const filesMax = Math.min(openFilesMax('self'), ...targets.map(({ pid }) => openFilesMax(pid)));
  const clients = Math.min(options.clients, filesMax - OTHER_FILES);
  if (clients < 1) throw new Error(`at most ${filesMax} open files (ulimit -n): too few`);
  if (clients < options.clients) {
    console.error(`at most ${filesMax} open files (ulimit -n): ${clients} clients`);
  }
  const memory: MemoryResult['memory'] = {};
  for (const target of targets) {
    memory[target.name] = await measureOne(target, idle.get(target.name) ?? 0, clients);
  }
  return {
    kind: 'memory',
    ...environment.header,
    clients,
    burstBytes: BURST_BYTES,
    restMs: REST_MS,
    openFilesMax: Number.isFinite(filesMax) ? filesMax : -1,
    memory,
  };
}

async function measureOne(
  target: Target,
  idleBytes: number,
  clients: number,
): Promise<MemoryResult['memory'][string]> {
  await loadKeySpace(target, VALUE_BYTES, KEY_COUNT);
  const burst = createBurst();
  const early = await openClients(target, WAVE, burst);
  for (const socket of early) socket.destroy();
  await sleep(REST_MS);
  const warmBytes = residentBytes(target.pid);
  const sockets = await openClients(target, clients, burst);
  await sleep(REST_MS);
  const withClientsBytes = residentBytes(target.pid);
  for (const socket of sockets) socket.destroy();
  await sleep(REST_MS);
  const perClientBytes = (withClientsBytes - idleBytes) / clients;
  const afterClientsBytes = residentBytes(target.pid);
  console.error(`${target.name}: ${perClientBytes.toFixed(0)} bytes per client`);
  return {
    idleBytes,
    warmBytes,
    withClientsBytes,
    afterClientsBytes,
    perClientBytes,
  };
}

/** GETs of keys that all exist, so that the length of all replies is known. */
function createBurst(): Burst {
  const requests: string[] = [];
  let bytes = 0;
  for (let index = 0; ; index++) {
    const key = keyAt(index % KEY_COUNT);
    const request = `*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`;
    bytes += request.length;
    if (bytes > BURST_BYTES) break;
    requests.push(request);
  }
  const replyBytes = `$${VALUE_BYTES}\r\n\r\n`.length + VALUE_BYTES;
  return {
    request: Buffer.from(requests.join('')),
    replyBytes: replyBytes * requests.length,
  };
}

/** Opens clients in waves; each sends its burst, reads all replies, and stays open. */
async function openClients(
  target: Address,
  count: number,
  burst: Burst,
): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const wave = Math.min(WAVE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: wave }, () => work(target, burst)))));
  }
  return sockets;
}

function work(target: Address, burst: Burst): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(target.port, target.host);
    let missing = burst.replyBytes;
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(`${target.host}:${target.port}: ${reason}, ${missing} reply bytes missing`));
    };
    const timer = setTimeout(() => fail('no progress'), BURST_TIMEOUT_MS);
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('connection closed'));
    socket.on('data', (chunk) => {
      missing -= chunk.length;
      if (missing > 0) return;
      clearTimeout(timer);
      if (missing < 0) fail('more bytes than expected');
      else resolve(socket);
    });
    socket.write(burst.request);
  });
}
