import type { ServerPrograms } from '../support/programs.js';
import { findSystemCallCounter, type SystemCallCounter } from '../support/system-calls.js';
import { type Case, selectCases } from './cases.js';
import type { Environment } from './environment.js';
import { loadKeySpace } from './key-space.js';
import { countSystemCalls, measureRound } from './measure.js';
import type { Options } from './options.js';
import type {
  CaseResult,
  CaseTargetResult,
  Round,
  SpeedResult,
  SystemCallFigures,
} from './results.js';
import { medianRound, ratioOf } from './summary.js';
import type { Target } from './target.js';

/** Runs all wanted cases against all targets. */
export async function measureSpeed(
  environment: Environment,
  options: Options,
): Promise<SpeedResult> {
  const { programs, targets, header } = environment;
  const cases = selectCases(options.cases);
  if (cases.length === 0) throw new Error('--cases leaves nothing to measure');
  const counter = options.countSystemCalls ? await findSystemCallCounter() : undefined;
  if (options.countSystemCalls && counter === undefined) {
    console.error('system calls: neither perf nor strace may trace here; not counted');
  }
  const results: CaseResult[] = [];
  let loadedBytes: number | undefined;
  for (const benchCase of cases) {
    if (benchCase.valueBytes !== loadedBytes) {
      for (const target of targets) await loadKeySpace(target, benchCase.valueBytes);
      loadedBytes = benchCase.valueBytes;
    }
    const rounds = await runRounds(programs, targets, benchCase, options.rounds);
    const calls = await runCounts(programs, targets, benchCase, counter);
    const result = summarise(benchCase, rounds, calls, options.reference);
    console.error(progressLine(result));
    results.push(result);
  }
  return {
    kind: 'speed',
    ...header,
    rounds: options.rounds,
    reference: options.reference,
    systemCallTool: counter?.tool ?? 'none',
    cases: results,
  };
}

/** Each round runs all targets, each time beginning with another one. */
async function runRounds(
  programs: ServerPrograms,
  targets: readonly Target[],
  benchCase: Case,
  count: number,
): Promise<ReadonlyMap<string, readonly Round[]>> {
  const rounds = new Map<string, Round[]>(targets.map((target) => [target.name, []]));
  for (let round = 0; round < count; round++) {
    const first = round % targets.length;
    for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
      rounds.get(target.name)?.push(await measureRound(programs, target, benchCase));
    }
  }
  return rounds;
}

async function runCounts(
  programs: ServerPrograms,
  targets: readonly Target[],
  benchCase: Case,
  counter: SystemCallCounter | undefined,
): Promise<ReadonlyMap<string, SystemCallFigures>> {
  const calls = new Map<string, SystemCallFigures>();
  if (counter === undefined) return calls;
  for (const target of targets) {
    calls.set(target.name, await countSystemCalls(programs, counter, target, benchCase));
  }
  return calls;
}

function summarise(
  benchCase: Case,
  rounds: ReadonlyMap<string, readonly Round[]>,
  calls: ReadonlyMap<string, SystemCallFigures>,
  referenceName: string,
): CaseResult {
  const reference = rounds.get(referenceName);
  const targets: Record<string, CaseTargetResult> = {};
  for (const [name, own] of rounds) {
    const systemCalls = calls.get(name);
    const isPeer = reference !== undefined && name !== referenceName;
    targets[name] = {
      rounds: [...own],
      median: medianRound(own),
      ...(systemCalls === undefined ? {} : { systemCalls }),
      ...(isPeer ? { referenceRatio: ratioOf(reference, own) } : {}),
    };
  }
  return { name: benchCase.name, requests: benchCase.requests, targets };
}

function progressLine({ name, targets }: CaseResult): string {
  const figures = Object.entries(targets).map(([target, { median, referenceRatio }]) => {
    const ratio = referenceRatio?.cpuMicros.median.toFixed(2);
    const suffix = ratio === undefined ? '' : ` (${ratio}×)`;
    return `${target} ${median.cpuMicros.toFixed(2)} µs${suffix}`;
  });
  return `${name}: ${figures.join(', ')}`;
}
