import type { Ratio, Round, Spread } from './results.js';

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('the median of nothing');
  return (lower + upper) / 2;
}

/** @param values At least one. */
export function spread(values: readonly number[]): Spread {
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** The median of each figure by itself, over at least one round. */
export function medianRound(rounds: readonly Round[]): Round {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  const systemCalls = present(rounds, (round) => round.ownSystemCalls);
  const requestsPerTurn = present(rounds, (round) => round.ownRequestsPerTurn);
  return {
    requestsPerSecond: of((round) => round.requestsPerSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMicros: of((round) => round.cpuMicros),
    ...(systemCalls.length > 0 ? { ownSystemCalls: median(systemCalls) } : {}),
    ...(requestsPerTurn.length > 0 ? { ownRequestsPerTurn: median(requestsPerTurn) } : {}),
  };
}

function present(
  rounds: readonly Round[],
  pick: (round: Round) => number | undefined,
): readonly number[] {
  return rounds.map(pick).filter((value) => value !== undefined);
}

/** Reference divided by peer within each round, so that what slows a whole round cancels out. */
export function ratioOf(reference: readonly Round[], peer: readonly Round[]): Ratio {
  const of = (pick: (round: Round) => number): Spread => {
    const ratios = reference.flatMap((round, index) => {
      const other = peer[index];
      return other === undefined ? [] : [pick(round) / pick(other)];
    });
    return spread(ratios);
  };
  return {
    cpuMicros: of((round) => round.cpuMicros),
    requestsPerSecond: of((round) => round.requestsPerSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
  };
}
