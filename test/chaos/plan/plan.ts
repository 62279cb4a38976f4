import { Random } from '../../support/random.js';
import type { Fault, FaultKind, LinkFault, Step } from './faults.js';

export interface PlanOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly nodeTimeoutMs: number;
  readonly shards: number;
}

const PAUSE_MS = { from: 100, to: 600 } as const;
const RESTART_AFTER_MS = { from: 100, to: 1_500 } as const;
const CUT_MODES = ['reset', 'end', 'inside-request', 'inside-reply'] as const;
/** Servers that lost their connections are back in sync, and all agree. */
const SETTLING_MS = 2_500;

type Maker = (random: Random, options: PlanOptions) => Fault;

const LINK_MAKERS: Readonly<
  Record<LinkFault['kind'], (random: Random, options: PlanOptions) => LinkFault>
> = {
  'cut-links': (random, options) => ({
    kind: 'cut-links',
    shard: random.below(options.shards),
    mode: random.pick(CUT_MODES),
  }),
  'refuse-links': (random, options) => ({
    kind: 'refuse-links',
    shard: random.below(options.shards),
    forMs: random.between(200, 1_500),
  }),
  'freeze-links': (random, options) => ({
    kind: 'freeze-links',
    shard: random.below(options.shards),
    forMs: random.between(200, 2_500),
  }),
  'delay-links': (random, options) => ({
    kind: 'delay-links',
    shard: random.below(options.shards),
    delayMs: random.between(5, 200),
    forMs: random.between(500, 2_000),
  }),
};
const LINK_KINDS = ['cut-links', 'refuse-links', 'freeze-links', 'delay-links'] as const;

const MAKERS: Readonly<Record<FaultKind, Maker>> = {
  ...LINK_MAKERS,
  'kill-primary': (random, options) => ({
    kind: 'kill-primary',
    shard: random.below(options.shards),
    restartAfterMs: random.between(RESTART_AFTER_MS.from, RESTART_AFTER_MS.to),
  }),
  'restart-primary': (random, options) => ({
    kind: 'restart-primary',
    shard: random.below(options.shards),
  }),
  'kill-replica': (random, options) => ({
    kind: 'kill-replica',
    shard: random.below(options.shards),
    restartAfterMs: random.between(100, 1_000),
  }),
  // Others suspect a server after the node time-out, and may do so a little earlier under load.
  'stop-primary': (random, options) => ({
    kind: 'stop-primary',
    shard: random.below(options.shards),
    forMs: random.between(100, options.nodeTimeoutMs / 2),
  }),
  'hang-primary': (random, options) => ({
    kind: 'hang-primary',
    shard: random.below(options.shards),
    continueAfterMs: random.between(0, 2_500),
  }),
  'fail-over': (random, options) => ({ kind: 'fail-over', shard: random.below(options.shards) }),
  'move-slots': (random, options) => ({
    kind: 'move-slots',
    forMs: random.between(1_500, 3_500),
    ...(random.chance(50)
      ? { meanwhile: LINK_MAKERS[random.pick(LINK_KINDS)](random, options) }
      : {}),
  }),
};

/** Kills come twice as often as everything else. */
const DECK: readonly FaultKind[] = [
  'kill-primary',
  'kill-primary',
  'restart-primary',
  'hang-primary',
  'stop-primary',
  'fail-over',
  'kill-replica',
  'move-slots',
  ...LINK_KINDS,
];

/**
 * The steps of a run: the same ones for the same options, enough for `seconds`, at least one. All kinds
 * of faults come before any comes again.
 */
export function makePlan(options: PlanOptions): readonly Step[] {
  const random = new Random(options.seed);
  const steps: Step[] = [];
  let durationMs = 0;
  while (durationMs < options.seconds * 1_000) {
    for (const kind of random.shuffled(DECK)) {
      const step = {
        pauseMs: random.between(PAUSE_MS.from, PAUSE_MS.to),
        fault: MAKERS[kind](random, options),
      };
      steps.push(step);
      durationMs += estimateMs(step, options.nodeTimeoutMs);
    }
  }
  return steps;
}

/** So many kills, of one shard's primary after the other's. */
export function makeKillPlan(
  { seed, shards }: Pick<PlanOptions, 'seed' | 'shards'>,
  kills: number,
): readonly Step[] {
  const random = new Random(seed);
  return Array.from({ length: kills }, (_, i) => ({
    pauseMs: random.between(PAUSE_MS.from, PAUSE_MS.to),
    fault: {
      kind: 'kill-primary',
      shard: i % shards,
      restartAfterMs: random.between(RESTART_AFTER_MS.from, RESTART_AFTER_MS.to),
    },
  }));
}

/** How long a step takes at least, if nothing goes wrong. */
export function estimateMs({ pauseMs, fault }: Step, nodeTimeoutMs: number): number {
  return pauseMs + faultMs(fault, nodeTimeoutMs);
}

function faultMs(fault: Fault, nodeTimeoutMs: number): number {
  switch (fault.kind) {
    case 'kill-primary':
      return nodeTimeoutMs + fault.restartAfterMs + SETTLING_MS;
    case 'hang-primary':
      return nodeTimeoutMs + fault.continueAfterMs + SETTLING_MS;
    case 'kill-replica':
      return fault.restartAfterMs + SETTLING_MS;
    case 'restart-primary':
    case 'fail-over':
      return SETTLING_MS;
    case 'cut-links':
      return 0;
    case 'stop-primary':
    case 'move-slots':
    case 'refuse-links':
    case 'freeze-links':
    case 'delay-links':
      return fault.forMs;
  }
}
