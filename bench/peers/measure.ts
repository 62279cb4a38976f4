import { cpuTimeBetween, threadCpuTimes } from '../support/process-stats.js';
import type { ServerPrograms } from '../support/programs.js';
import { benchmarkCommand, type Load, runBenchmark } from '../support/redis-benchmark.js';
import { type SystemCallCounter, waitingCalls } from '../support/system-calls.js';
import { type Case, commandOf, KEY_COUNT } from './cases.js';
import { readCounters } from './counters.js';
import type { Round, SystemCallFigures } from './results.js';
import type { Target } from './target.js';

const NS_PER_US = 1000;

function loadOf(benchCase: Case): Load {
  const { clients, pipeline, requests } = benchCase;
  return {
    clients,
    pipeline,
    requests,
    keyCount: KEY_COUNT,
    command: commandOf(benchCase),
  };
}

/** One run of a case against one target. */
export async function measureRound(
  programs: ServerPrograms,
  target: Target,
  benchCase: Case,
): Promise<Round> {
  const command = benchmarkCommand(programs, target, loadOf(benchCase));
  const countersBefore = target.metricsUrl && (await readCounters(target.metricsUrl));
  const cpuBefore = threadCpuTimes(target.pid);
  const result = await runBenchmark(command);
  const cpuNs = cpuTimeBetween(cpuBefore, threadCpuTimes(target.pid));
  const figures = {
    ...result,
    cpuMicros: cpuNs / NS_PER_US / benchCase.requests,
  };
  if (!target.metricsUrl || !countersBefore) return figures;
  const after = await readCounters(target.metricsUrl);
  const requests = after.requests - countersBefore.requests;
  const turns = after.turns - countersBefore.turns;
  if (requests <= 0 || turns <= 0) throw new Error(`${target.metricsUrl}: counters do not move`);
  return {
    ...figures,
    ownSystemCalls: (after.systemCalls - countersBefore.systemCalls) / requests,
    ownRequestsPerTurn: requests / turns,
  };
}

/** A run of its own, since counting slows the target down. */
export async function countSystemCalls(
  programs: ServerPrograms,
  counter: SystemCallCounter,
  target: Target,
  benchCase: Case,
): Promise<SystemCallFigures> {
  const command = benchmarkCommand(programs, target, loadOf(benchCase));
  const calls = await counter.count(target.pid, command);
  const turns = waitingCalls(calls);
  const perRequest = (count: number) => count / benchCase.requests;
  return {
    perRequest: perRequest(calls.total),
    byKind: Object.fromEntries(
      Object.entries(calls.byKind).map(([kind, count]) => [kind, perRequest(count)]),
    ),
    requestsPerTurn: turns === 0 ? null : benchCase.requests / turns,
  };
}
