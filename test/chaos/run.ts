import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../support/random.js';
import { checkRun } from './checker/check.js';
import type { Violation } from './checker/violation.js';
import { FaultRunner } from './fault-runner.js';
import { Recorder } from './history/recorder.js';
import { Workload } from './load/workload.js';
import { makeKillPlan, makePlan } from './plan/plan.js';
import { describeEnvironment, type Environment } from './report/environment.js';
import { RECOVERY_LIMIT_MS } from './report/recoveries.js';
import { makeReport, type Report } from './report/report.js';
import { openScene, type Scene, type TargetName } from './scene.js';
import { StallMeter } from './stall-meter.js';

export interface ChaosOptions {
  readonly seed: number;
  /** Faults of all kinds for so long. */
  readonly seconds: number;
  /** So many kills of primaries instead, however long they take. */
  readonly kills?: number | undefined;
  readonly nodeTimeoutMs: number;
  readonly against: TargetName;
  /** A shard whose primary was killed must be served so long after it could be served, in ms. */
  readonly recoveryMs?: number;
  /** Told of each fault as it begins. */
  readonly log: (line: string) => void;
  /** Told in the end what the target's process wrote. */
  readonly onTargetLog?: (text: string) => void;
}

/** What a held request waits for an election, on top of twice the node time-out. */
const HOLD_EXTRA_MS = 3_000;
/** For what the last fault left behind. */
const LAST_PAUSE_MS = 1_500;
const DEAF_AFTER_MS = 10_000;
const LAST_REPLIES_MS = 10_000;

/**
 * One run: servers, target, load, faults, and what the checker says about it.
 * @returns undefined, after a line that says so, if the target is not installed.
 */
export async function runChaos(options: ChaosOptions): Promise<Report | undefined> {
  const environment = describeEnvironment();
  const random = new Random(options.seed);
  const scene = await openScene(options, random.fork());
  if (scene === undefined) return undefined;
  try {
    return await perform(options, { scene, environment, random: random.fork() });
  } finally {
    options.onTargetLog?.(scene.target.log());
    await scene.close();
  }
}

interface Setting {
  readonly scene: Scene;
  readonly environment: Environment;
  readonly random: Random;
}

async function perform(options: ChaosOptions, setting: Setting): Promise<Report> {
  const { scene, random } = setting;
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
    ...planOf(options, stage.shards),
    nodeTimeoutMs: options.nodeTimeoutMs,
    log: options.log,
  });
  const holdMs = 2 * options.nodeTimeoutMs + HOLD_EXTRA_MS;
  const { recoveryMs = RECOVERY_LIMIT_MS } = options;
  try {
    await workload.prepare();
    await stage.settle();
    const load = workload.run();
    await faults.run();
    await sleep(LAST_PAUSE_MS);
    const deaf = await findDeafSubscribers(workload);
    isOver = true;
    await atMost(holdMs + LAST_REPLIES_MS, load);
    const found = await checkRun(recorder, {
      faults: faults.records,
      stalls: stallMeter.stalls,
      limits: { holdMs, recoveryMs, passedForOrder: await target.passedForOrder() },
      hasContract: options.against === 'proxy',
      read: (list) => stage.readList(list.key, list.slot),
    });
    return makeReport({
      options,
      setting,
      recorder,
      faults,
      violations: [...deaf, ...found],
    });
  } finally {
    stallMeter.stop();
    workload.close();
  }
}

function planOf({ kills, seconds, ...options }: ChaosOptions, shards: number) {
  return kills === undefined
    ? { plan: makePlan({ ...options, seconds, shards }), forMs: seconds * 1_000 }
    : { plan: makeKillPlan({ ...options, shards }, kills), forMs: Number.POSITIVE_INFINITY };
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
  const last = workload.channels.map((users) => ({ users, number: users.publish().number }));
  const deaf = () => last.flatMap(({ users, number }) => users.deafSince(number));
  const deadline = performance.now() + DEAF_AFTER_MS;
  while (deaf().length > 0 && performance.now() < deadline) await sleep(20);
  return deaf().map((detail) => ({ rule: 'subscription is dead', detail }));
}
