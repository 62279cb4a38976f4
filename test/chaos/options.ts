import { parseArgs } from 'node:util';
import { TARGET_NAMES, type TargetName } from './scene.js';

export interface Options {
  readonly seed: number;
  readonly seconds: number;
  /** Instead of faults of all kinds. */
  readonly kills: number | undefined;
  readonly nodeTimeoutMs: number;
  /** One run for each, with the same plan. */
  readonly against: readonly TargetName[];
  /** Where the JSON report is written. */
  readonly out: string | undefined;
  /** Where the log of the target's process is written, one behind the other. */
  readonly targetLog: string | undefined;
}

export const USAGE = `Usage: npm run chaos -- [options]

Real servers, a target in front of them, a mixed load, and faults. The exit code is 1 if the proxy
did what it must never do. The same seed gives the same plan of faults.

  --seed N              (a random one, which is printed)
  --seconds N           how long it takes, 1 to 86400 (60)
  --kills N             N kills of primaries instead of faults of all kinds, 1 to 10000
  --node-timeout MS     cluster-node-timeout of the servers: 2000, 5000 or 15000 (2000)
  --against TARGET      proxy, direct (ioredis Cluster) or nutcracker; repeatable (proxy)
  --target-log FILE     also write what the target's process logs
  --out FILE            also write the report as JSON, a list with an element for each target
`;

const NODE_TIMEOUTS_MS = [2_000, 5_000, 15_000];
const SECONDS = 60;
const SECONDS_MAX = 86_400;
const KILLS_MAX = 10_000;
const SEED_MAX = 2 ** 31 - 1;

/** @throws Error if an option is unknown or its value is not allowed; the message says what is. */
export function parseOptions(args: readonly string[], randomSeed: number): Options | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: text,
      seconds: text,
      kills: text,
      'node-timeout': text,
      against: { ...text, multiple: true },
      out: text,
      'target-log': text,
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const nodeTimeoutMs = Number(values['node-timeout'] ?? NODE_TIMEOUTS_MS[0]);
  if (!NODE_TIMEOUTS_MS.includes(nodeTimeoutMs)) {
    throw new Error(
      `--node-timeout ${values['node-timeout']}: allowed are ${NODE_TIMEOUTS_MS.join(', ')}`,
    );
  }
  if (values.kills !== undefined && values.seconds !== undefined) {
    throw new Error('--kills and --seconds: one of them');
  }
  return {
    seed: integer('--seed', values.seed, { from: 0, to: SEED_MAX }) ?? randomSeed,
    seconds: integer('--seconds', values.seconds, { from: 1, to: SECONDS_MAX }) ?? SECONDS,
    kills: integer('--kills', values.kills, { from: 1, to: KILLS_MAX }),
    nodeTimeoutMs,
    against: (values.against ?? ['proxy']).map(targetName),
    out: values.out,
    targetLog: values['target-log'],
  };
}

function targetName(given: string): TargetName {
  const name = TARGET_NAMES.find((known) => known === given);
  if (name === undefined) {
    throw new Error(`--against ${given}: allowed are ${TARGET_NAMES.join(', ')}`);
  }
  return name;
}

function integer(
  flag: string,
  given: string | undefined,
  { from, to }: { from: number; to: number },
): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!/^\d+$/.test(given) || value < from || value > to) {
    throw new Error(`${flag} ${given}: allowed is an integer from ${from} to ${to}`);
  }
  return value;
}
