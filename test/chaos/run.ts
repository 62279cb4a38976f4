import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../support/random.js';
import { checkRun } from './checker/check.js';
import type { Violation } from './checker/violation.js';
import { FaultRunner } from './fault-runner.js';
import { Recorder } from './history/recorder.js';
import { Workload } from './load/workload.js';
import { makePlan } from './plan/plan.js';
import { makeReport, type Report } from './report/report.js';
import { openScene, type Scene, type TargetName } from './scene.js';
import { StallMeter } from './stall-meter.js';

export interface ChaosOptions {
  readonly seed: number;
  /** For how long faults are begun; what began is brought to its end. */
  readonly seconds: number;
  readonly nodeTimeoutMs: number;
  readonly against: TargetName;
  /** Told of each fault as it begins. */
  readonly log: (line: string) => void;
  /** Told in the end what the target's process wrote. */
  readonly onTargetLog?: (text: string) => void;
}

/** What a held request waits for an election, on top of the node time-out. */
const HOLD_EXTRA_MS = 5_000;
const RECOVERY_MS = 1_000;
/** For what the last fault left behind. */
const LAST_PAUSE_MS = 1_500;
const DEAF_AFTER_MS = 10_000;
const LAST_REPLIES_MS = 10_000;

/**
 * One run: servers, target, load, faults, and what the checker says about it.
 * @returns undefined, after a line that says so, if the target is not installed.
 */
export async function runChaos(options: ChaosOptions): Promise<Report | undefined> {
  const random = new Random(options.seed);
  const scene = await openScene(options, random.fork());
  if (scene === undefined) return undefined;
  try {
    return await perform(options, scene, random.fork());
  } finally {
    options.onTargetLog?.(scene.target.log());
    await scene.close();
  }
}

async function perform(options: ChaosOptions, scene: Scene, random: Random): Promise<Report> {
  const { stage, target } = scene;
  const began = performance.now();
  const recorder = new Recorder(() => performance.now() - began);
  const stallMeter = new StallMeter(() => recorder.now());
  let isOver = false;
  const context = { recorder, random, tags: stage.tags, isOver: () => isOver };
  const workload = new Workload(context, target.abilities, target.drivers);
  const faults = new FaultRunner({
    stage,
    recorder,
    plan: makePlan({ ...options, shards: stage.shards }),
    forMs: options.seconds * 1_000,
    log: options.log,
  });
  const limits = { holdMs: options.nodeTimeoutMs + HOLD_EXTRA_MS, recoveryMs: RECOVERY_MS };
  try {
    await workload.prepare();
    await stage.settle();
    const load = workload.run();
    await faults.run();
    await sleep(LAST_PAUSE_MS);
    const deaf = await findDeafSubscribers(workload);
    isOver = true;
    await atMost(limits.holdMs + LAST_REPLIES_MS, load);
    const found = await checkRun(recorder, {
      faults: faults.records,
      stalls: stallMeter.stalls,
      limits,
      hasContract: options.against === 'proxy',
      read: (list) => stage.readList(list.key, list.slot),
    });
    const problems = target.problems();
    return makeReport({
      options,
      scene,
      recorder,
      faults,
      violations: [...deaf, ...found],
      problems,
    });
  } finally {
    stallMeter.stop();
    workload.close();
  }
}

/** Waits for it, but no longer than that. */
async function atMost(ms: number, what: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const timeout = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([what, timeout]);
  timer.abort();
}

/** Whoever subscribed gets what is published when all is well, also if it got little before. */
async function findDeafSubscribers(workload: Workload): Promise<readonly Violation[]> {
  const last = await Promise.all(
    workload.channels.map(async (users) => ({ users, number: await users.publish() })),
  );
  const deaf = () => last.flatMap(({ users, number }) => users.deafSince(number));
  const deadline = performance.now() + DEAF_AFTER_MS;
  while (deaf().length > 0 && performance.now() < deadline) await sleep(20);
  return deaf().map((detail) => ({ rule: 'subscription is dead', detail }));
}
