import { expect, test } from 'vitest';
import type { Operation } from './history/operations.js';
import { currentCommit } from './report/environment.js';
import { reportText } from './report/text.js';
import { runChaos } from './run.js';

/** Plans that differ in threads, coverage and the order of faults. */
const SEEDS = [11, 23, 37, 41, 59, 67, 73, 89];
const SECONDS = 60;
/** The promise of one second is for machines that do nothing else: `npm run chaos` holds it. */
const RECOVERY_MS = 5_000;
/** The servers recover from the last fault, and what they hold is read. */
const EXTRA_MS = 120_000;
/** Everything that this load consists of. */
const EXPECTED: readonly Operation[] = [
  'push',
  'get',
  'mget',
  'exists',
  'echo',
  'mset',
  'set',
  'eval',
  'evalsha',
  'transaction',
  'pop',
  'publish',
  'wait',
  'large-get',
  'large-set',
];

/** A commit always runs the same plan, and the next one another. */
function seedOfCommit(): number {
  const digits = currentCommit()?.slice(0, 8) ?? '0';
  return SEEDS[Number.parseInt(digits, 16) % SEEDS.length] ?? 0;
}

const seed = Number(process.env.SLOTGATE_CHAOS_SEED ?? seedOfCommit());
const seconds = Number(process.env.SLOTGATE_CHAOS_SECONDS ?? SECONDS);

test(
  `${seconds} s of chaos with seed ${seed}: nothing happens that must never happen`,
  async () => {
    const lines: string[] = [];
    const report = await runChaos({
      seed,
      seconds,
      nodeTimeoutMs: 2_000,
      against: 'proxy',
      recoveryMs: RECOVERY_MS,
      log: (line) => lines.push(line),
      onTargetLog: (text) => lines.push(text.slice(-20_000)),
    });
    if (report === undefined) return expect.fail('the proxy can always be started');
    const text = reportText(report);
    process.stdout.write(`${text}\n`);
    expect(report.violations, `${text}\n${lines.join('\n')}`).toEqual([]);
    expect(report.problems).toEqual([]);
    for (const operation of EXPECTED) {
      expect(report.operations[operation]?.succeeded, operation).toBeGreaterThan(0);
    }
    expect(report.messages).toBeGreaterThan(0);
    expect(report.faults.length).toBeGreaterThan(0);
  },
  seconds * 1_000 + EXTRA_MS,
);
