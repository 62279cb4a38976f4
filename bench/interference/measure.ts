import { setTimeout as sleep } from 'node:timers/promises';
import { KEY_COUNT } from '../peers/cases.js';
import { loadKeySpace } from '../peers/key-space.js';
import type { InterferenceResult, InterferenceRound, ResultHeader } from '../peers/results.js';
import { median, spread } from '../peers/summary.js';
import type { Target } from '../peers/target.js';
import { cpuTimeBetween, threadCpuTimes } from '../support/process-stats.js';
import type { Address } from '../support/redis.js';
import type { InterferenceOptions } from './options.js';
import { type CrowdShape, gatherCrowd, measureLoad } from './programs.js';

const VALUE_BYTES = 64;
const MESSAGE_BYTES = 100;
const SETTLE_MS = 1000;
/** Share of the highest rate at which the GETs are sent. */
const SHARE = 0.5;

const NOBODY: CrowdShape = {
  subscribers: 0,
  messagesPerSecond: 0,
  messageBytes: MESSAGE_BYTES,
  blocked: 0,
};

interface Situation {
  readonly name: string;
  readonly crowd: CrowdShape;
  /** Whose clients the crowd are. */
  readonly at: Address;
}

/**
 * Rounds of all situations, one after the other, and each round's figures against its quiet one.
 * @param server A stand-alone server beside the target. Subscribers there disturb the GETs as much as
 * a machine does that is shared with so many messages; the target has nothing to do with them.
 */
export async function measureInterference(
  target: Target,
  server: Address,
  header: ResultHeader,
  options: InterferenceOptions,
): Promise<InterferenceResult> {
  const { rounds, seconds, clients, subscribers, messagesPerSecond, blocked } = options;
  await loadKeySpace(target, VALUE_BYTES);
  const listeners = { ...NOBODY, subscribers, messagesPerSecond };
  const situations: readonly Situation[] = [
    { name: 'quiet', crowd: NOBODY, at: target },
    { name: 'subscribers elsewhere', crowd: listeners, at: server },
    { name: 'subscribers', crowd: listeners, at: target },
    { name: 'blocked', crowd: { ...NOBODY, blocked }, at: target },
    { name: 'both', crowd: { ...listeners, blocked }, at: target },
  ];
  const shape = { clients, seconds, keyCount: KEY_COUNT, valueBytes: VALUE_BYTES };
  const most = await measureLoad(target, { ...shape, rate: 0 });
  const rate = Math.round(most.requestsPerSecond * SHARE);
  console.error(`at most ${most.requestsPerSecond} requests/s; measured at ${rate}`);
  const all = new Map<string, InterferenceRound[]>(situations.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const situation of situations) {
      const figures = await measureOne(target, situation, { ...shape, rate });
      all.get(situation.name)?.push(figures);
      console.error(`round ${round} of ${rounds}, ${situation.name}: p99 ${figures.p99Us} µs`);
    }
  }
  const quiet = all.get('quiet') ?? [];
  return {
    kind: 'interference',
    ...header,
    rounds,
    seconds,
    clients,
    subscribers,
    messagesPerSecond,
    messageBytes: MESSAGE_BYTES,
    blocked,
    mostRequestsPerSecond: most.requestsPerSecond,
    rate,
    situations: situations.map(({ name }) => summarize(name, all.get(name) ?? [], quiet)),
  };
}

async function measureOne(
  target: Target,
  { crowd: crowdShape, at }: Situation,
  load: Parameters<typeof measureLoad>[1],
): Promise<InterferenceRound> {
  const isQuiet = crowdShape.subscribers === 0 && crowdShape.blocked === 0;
  const crowd = isQuiet ? undefined : await gatherCrowd(at, crowdShape);
  await sleep(SETTLE_MS);
  const cpuBefore = threadCpuTimes(target.pid);
  const startedNs = process.hrtime.bigint();
  const figures = await measureLoad(target, load);
  const elapsedNs = Number(process.hrtime.bigint() - startedNs);
  const cpuNs = cpuTimeBetween(cpuBefore, threadCpuTimes(target.pid));
  const messages = (await crowd?.leave()) ?? 0;
  return {
    ...figures,
    cpuShare: cpuNs / elapsedNs,
    deliveriesPerSecond: messages,
  };
}

function summarize(
  name: string,
  rounds: readonly InterferenceRound[],
  quiet: readonly InterferenceRound[],
): InterferenceResult['situations'][number] {
  const of = (pick: (round: InterferenceRound) => number) => median(rounds.map(pick));
  const ratio = (pick: (round: InterferenceRound) => number) =>
    spread(
      rounds.flatMap((round, index) => {
        const base = quiet[index];
        return base === undefined ? [] : [pick(round) / pick(base)];
      }),
    );
  return {
    name,
    rounds: [...rounds],
    median: {
      requestsPerSecond: of((round) => round.requestsPerSecond),
      p50Us: of((round) => round.p50Us),
      p99Us: of((round) => round.p99Us),
      p999Us: of((round) => round.p999Us),
      cpuShare: of((round) => round.cpuShare),
      deliveriesPerSecond: of((round) => round.deliveriesPerSecond),
    },
    p50Ratio: ratio((round) => round.p50Us),
    p99Ratio: ratio((round) => round.p99Us),
  };
}
