import type { Report } from './report.js';

/** What the contract promises, in ms. */
export const RECOVERY_LIMIT_MS = 1_000;

/** How soon slots were served through the target after the kills of a run, in ms. */
export interface Recoveries {
  readonly kills: number;
  /** Of these kills, those after which it took no longer than the contract says. */
  readonly inTime: number;
  /** Infinity if a slot never was. */
  readonly medianMs: number;
  readonly slowestMs: number;
}

/** @returns undefined if nothing was killed. */
export function recoveriesOf({ faults }: Pick<Report, 'faults'>): Recoveries | undefined {
  const times = faults
    .filter(({ isKill }) => isKill)
    .map(({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b);
  const [medianMs, slowestMs] = [times[Math.floor(times.length / 2)], times.at(-1)];
  if (medianMs === undefined || slowestMs === undefined) return undefined;
  return {
    kills: times.length,
    inTime: times.filter((ms) => ms <= RECOVERY_LIMIT_MS).length,
    medianMs,
    slowestMs,
  };
}
