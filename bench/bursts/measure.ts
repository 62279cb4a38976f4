import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadFigures, measureLoad } from '../interference/programs.js';
import { KEY_COUNT } from '../peers/cases.js';
import { loadKeySpace } from '../peers/key-space.js';
import type { BurstResult, ResultHeader } from '../peers/results.js';
import type { Target } from '../peers/target.js';
import { peakResidentBytes, residentBytes } from '../support/process-stats.js';
import { comeAndGo, getLarge, getSmall, open, setLarge, skim } from './clients.js';
import type { BurstOptions } from './options.js';

const MIB = 1024 * 1024;
const VALUE_BYTES = 64;
const LOAD_CLIENTS = 50;
/** Share of the highest rate at which the GETs are sent. */
const SHARE = 0.5;
const WARM_UP_SECONDS = 2;
const SETTLE_MS = 5000;
const STALLED_GETS = 30;
const PIPELINED = 1_000_000;
/** What may be left of a burst, and when it is looked for no longer. */
const LEFT_BYTES = 32 * MIB;
const LEFT_MS_MAX = 60_000;
const LOOK_MS = 250;

type Burst = BurstResult['bursts'][number];
type Stall = BurstResult['stalls'][number];

/** One burst after the other; between them the memory has to come back while GETs go on. */
export async function measureBursts(
  target: Target,
  header: ResultHeader,
  options: BurstOptions,
): Promise<BurstResult> {
  await loadKeySpace(target, VALUE_BYTES);
  const shape = { clients: LOAD_CLIENTS, keyCount: KEY_COUNT, valueBytes: VALUE_BYTES };
  const most = await measureLoad(target, { ...shape, rate: 0, seconds: WARM_UP_SECONDS });
  const rate = Math.round(most.requestsPerSecond * SHARE);
  const gets = (seconds: number) => measureLoad(target, { ...shape, rate, seconds });
  await sleep(SETTLE_MS);
  const idleBytes = residentBytes(target.pid);
  const unknown = await stall(target, options, gets, idleBytes, false);
  const known = await stall(target, options, gets, idleBytes, true);
  const hugeMib = options.limitMib * 2;
  const huge = await measureOne(target, `SET and GET of ${hugeMib} MiB`, idleBytes, async () => {
    const socket = await open(target);
    await setLarge(socket, 'huge', hugeMib);
    await getLarge(socket, 'huge', hugeMib);
    socket.destroy();
  });
  const pipeline = await measureOne(target, `${PIPELINED} pipelined GETs`, idleBytes, async () => {
    const socket = await open(target);
    const reply = skim(socket, '$-1\r\n'.length * PIPELINED);
    socket.write('*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n'.repeat(PIPELINED));
    await reply;
    socket.destroy();
  });
  const connections = `${options.connections} connections opened and closed`;
  const churn = await measureOne(target, connections, idleBytes, () =>
    comeAndGo(target, options.connections),
  );
  return {
    kind: 'bursts',
    ...header,
    limitBytes: options.limitMib * MIB,
    seconds: options.seconds,
    stalled: options.stalled,
    rate,
    idleBytes,
    stalls: [unknown.stall, known.stall],
    bursts: [unknown.burst, known.burst, huge, pipeline, churn],
  };
}

/**
 * The GETs of others while clients do not read what they ask for.
 * @param known Whether these clients have been sent small replies before.
 */
async function stall(
  target: Target,
  { stalled, seconds }: BurstOptions,
  gets: (seconds: number) => Promise<LoadFigures>,
  idleBytes: number,
  known: boolean,
): Promise<{ readonly stall: Stall; readonly burst: Burst }> {
  const setter = await open(target);
  await setLarge(setter, 'large', 1);
  setter.destroy();
  const request = '*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n'.repeat(STALLED_GETS);
  const sockets = await Promise.all(Array.from({ length: stalled }, () => open(target)));
  if (known) await Promise.all(sockets.map(getSmall));
  const quiet = await gets(seconds);
  // The GETs are on their way already when the others begin.
  const measured = gets(seconds);
  await sleep(500);
  for (const socket of sockets) {
    socket.pause();
    socket.write(request);
  }
  const beginning = await measured;
  const later = await gets(seconds);
  const kind = known ? 'known for small replies' : 'new';
  const name = `${stalled} clients, ${kind}, that never read ${STALLED_GETS} values of 1 MiB`;
  const burst = await measureOne(target, name, idleBytes, async () => {
    for (const socket of sockets) socket.destroy();
  });
  return { stall: { name, quiet, beginning, later }, burst };
}

async function measureOne(
  target: Target,
  name: string,
  idleBytes: number,
  burst: () => Promise<void>,
): Promise<Burst> {
  await burst();
  const peakBytes = peakResidentBytes(target.pid);
  const began = performance.now();
  let now = residentBytes(target.pid);
  while (now - idleBytes > LEFT_BYTES && performance.now() - began < LEFT_MS_MAX) {
    await comeAndGo(target, 1);
    await sleep(LOOK_MS);
    now = residentBytes(target.pid);
  }
  const backAfterMs = Math.round(performance.now() - began);
  await sleep(SETTLE_MS);
  console.error(`${name}: at most ${Math.round(peakBytes / MIB)} MiB`);
  return { name, peakBytes, backAfterMs, afterBytes: residentBytes(target.pid) };
}
