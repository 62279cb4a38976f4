import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRecord, SkippedFault } from './history/fault-record.js';
import type { Recorder } from './history/recorder.js';
import type { RecoveryWatch } from './history/recovery-watch.js';
import { describeFault, type Fault, type Step } from './plan/faults.js';
import { estimateMs } from './plan/plan.js';
import type { Stage } from './stage/stage.js';

export interface FaultRunnerOptions {
  readonly stage: Stage;
  readonly recorder: Recorder;
  readonly plan: readonly Step[];
  /** The last one ends at about this time, in ms of the run. */
  readonly forMs: number;
  readonly nodeTimeoutMs: number;
  readonly log: (line: string) => void;
}

/** Does what the plan says, one fault after the other, and writes down what came of it. */
export class FaultRunner {
  readonly #options: FaultRunnerOptions;
  readonly #records: Omit<FaultRecord, 'blackout'>[] = [];
  readonly #skipped: SkippedFault[] = [];

  constructor(options: FaultRunnerOptions) {
    this.#options = options;
  }

  /** Times without success are those up to now: what lasts longer than its fault counts whole. */
  get records(): readonly FaultRecord[] {
    const { recorder } = this.#options;
    return this.#records.map((record) => ({
      ...record,
      blackout: recorder.blackout(record.slots, record.startedAt, record.settledAt),
    }));
  }

  /** What these servers cannot have. */
  get skipped(): readonly SkippedFault[] {
    return this.#skipped;
  }

  /**
   * Returns when the time is up and the servers are well.
   * @throws Error if the servers do not recover, whatever the target does.
   */
  async run(): Promise<void> {
    const { recorder, plan, forMs, stage, nodeTimeoutMs } = this.#options;
    const endsAt = recorder.now() + forMs;
    for (const step of plan) {
      const isLast = recorder.now() + estimateMs(step, nodeTimeoutMs) > endsAt;
      if (isLast && this.#records.length > 0) break;
      const { fault, pauseMs } = step;
      const reason = stage.whyNot(fault);
      if (reason !== undefined) {
        this.#skipped.push({ fault, reason });
        continue;
      }
      await sleep(pauseMs);
      await this.#perform(fault);
    }
  }

  async #perform(fault: Fault): Promise<void> {
    const { stage, recorder, log } = this.#options;
    const slots = await this.#slotsOf(fault);
    const startedAt = recorder.now();
    log(`${seconds(startedAt)}  ${describeFault(fault)}`);
    let watch: RecoveryWatch | undefined;
    const injected = await stage.inject(fault, {
      now: () => recorder.now(),
      onDirectWrite: () => {
        watch = recorder.watchRecovery(slots);
      },
    });
    await stage.settle();
    const settledAt = recorder.now();
    this.#records.push({
      fault,
      startedAt,
      settledAt,
      slots,
      ...injected,
      ...(watch === undefined ? {} : { recoveredAt: watch.recoveredAt }),
    });
  }

  async #slotsOf(fault: Fault): Promise<readonly number[]> {
    const { stage } = this.#options;
    return fault.kind === 'move-slots'
      ? stage.tags.map(({ slot }) => slot)
      : stage.slotsOf(fault.shard);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(6)} s`;
}
