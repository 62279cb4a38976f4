import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadShape, measureLoad } from '../interference/programs.js';
import type { IsolationResult, IsolationRound, ResultHeader } from '../peers/results.js';
import { spread } from '../peers/summary.js';
import type { Target } from '../peers/target.js';
import { type Address, withConnection } from '../support/redis.js';
import type { Server } from '../support/servers.js';
import { DISTURBANCES, type Disturbance, type Place, run } from './disturbances.js';
import type { IsolationOptions } from './options.js';

const VALUE_BYTES = 64;
const LARGE_BYTES = 100_000_000;
const KEYS_PER_TAG = 5_000;
const BATCH = 500;
/** Share of the highest rate at which the GETs are sent. */
const SHARE = 0.3;
const SETTLE_MS = 700;

/** The shard with the trouble, those that are measured, and a server that nobody uses. */
export const SERVER_COUNT = 4;

interface Scene {
  readonly program: string;
  readonly target: Target;
  readonly load: LoadShape;
  readonly here: Place;
  readonly elsewhere: Place;
}

export async function measureIsolation(
  target: Target,
  servers: readonly Server[],
  program: string,
  header: ResultHeader,
  options: IsolationOptions,
): Promise<IsolationResult> {
  const { rounds, seconds, clients } = options;
  const tags = await Promise.all(servers.map((_, index) => tagOf(servers, index)));
  const [here, , , elsewhere] = servers.map((server, index) => placeOf(server, tags[index] ?? ''));
  if (here === undefined || elsewhere === undefined) throw new Error('too few servers');
  const measured = tags.slice(1, 3);
  for (const tag of measured) await loadKeys(target, tag);
  for (const { server, key, largeKey } of [here, elsewhere]) {
    await withConnection(server, async (redis) => {
      await redis.set(key, 'x'.repeat(VALUE_BYTES));
      await redis.set(largeKey, 'x'.repeat(LARGE_BYTES));
    });
  }
  const shape = { clients, seconds, keyCount: KEYS_PER_TAG, valueBytes: VALUE_BYTES };
  const most = await measureLoad(target, { ...shape, tags: measured, rate: 0 });
  const rate = Math.round(most.requestsPerSecond * SHARE);
  console.error(`at most ${most.requestsPerSecond} requests/s; measured at ${rate}`);
  const load = { ...shape, tags: measured, rate };
  const scene: Scene = {
    program,
    target,
    load,
    here: { ...here, entrance: target },
    elsewhere,
  };
  const situations = DISTURBANCES.map(({ name }) => ({
    name,
    here: [] as IsolationRound[],
    elsewhere: [] as IsolationRound[],
  }));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, disturbance] of DISTURBANCES.entries()) {
      for (const where of ['elsewhere', 'here'] as const) {
        const figures = await measureOne(scene, disturbance, where);
        situations[index]?.[where].push(figures);
        const what = `${disturbance.name}, ${where}`;
        console.error(`round ${round} of ${rounds}, ${what}: p99 ${figures.p99Us} µs`);
      }
    }
  }
  return {
    kind: 'isolation',
    ...header,
    rounds,
    seconds,
    clients,
    mostRequestsPerSecond: most.requestsPerSecond,
    rate,
    situations: situations.map((situation) => ({
      ...situation,
      p99Ratio: ratio(situation, (figures) => figures.p99Us),
      throughputRatio: ratio(situation, (figures) => figures.requestsPerSecond),
    })),
  };
}

async function measureOne(
  scene: Scene,
  disturbance: Disturbance,
  where: 'here' | 'elsewhere',
): Promise<IsolationRound> {
  const { program, target, load, here } = scene;
  const touching = await run(program, 'touch', target, here.key);
  const trouble = await disturbance.begin(program, scene[where]);
  try {
    await sleep(SETTLE_MS);
    return await measureLoad(target, load);
  } finally {
    await trouble.end();
    await touching.end();
    await sleep(SETTLE_MS);
  }
}

function ratio(
  { here, elsewhere }: Record<'here' | 'elsewhere', readonly IsolationRound[]>,
  pick: (figures: IsolationRound) => number,
) {
  return spread(
    here.flatMap((figures, round) => {
      const base = elsewhere[round];
      return base === undefined ? [] : [pick(figures) / pick(base)];
    }),
  );
}

function placeOf(server: Server, tag: string): Place {
  return { server, entrance: server, key: `{${tag}}`, largeKey: `{${tag}}:large` };
}

/** A hash tag of a slot of the server at `index`. */
async function tagOf(servers: readonly Server[], index: number): Promise<string> {
  const [server] = servers;
  if (server === undefined) throw new Error('no servers');
  return withConnection(server, async (redis) => {
    for (let number = 0; ; number++) {
      const tag = `t${number}`;
      const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', tag));
      if (Math.floor((slot * servers.length) / 16_384) === index) return tag;
    }
  });
}

async function loadKeys(target: Address, tag: string): Promise<void> {
  const value = 'x'.repeat(VALUE_BYTES);
  await withConnection(target, async (redis) => {
    for (let start = 0; start < KEYS_PER_TAG; start += BATCH) {
      const pairs = Array.from({ length: BATCH }, (_, offset) => [
        `{${tag}}:${String(start + offset).padStart(8, '0')}`,
        value,
      ]);
      await redis.mset(...pairs.flat());
    }
  });
}
