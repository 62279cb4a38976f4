import type { HandoverOutcome } from '../../api/handover.js';
import type { Logger } from '../../log/logger.js';
import type { MetricSnapshot } from '../../metrics/sample.js';
import type { EndpointsHandover } from '../../proxy/handover.js';
import type { ServiceNotifier } from '../service-notifier.js';
import type { OwnProcess } from './own-process.js';
import { type Estate, Successor, SuccessorError } from './successor.js';

export interface HandoverOptions {
  readonly proxy: EndpointsHandover;
  /** Descriptors of the HTTP listeners. */
  readonly http: readonly number[];
  readonly own: OwnProcess;
  readonly env: NodeJS.ProcessEnv;
  /** What this process has read from its standard input. */
  readonly input: string | undefined;
  readonly estate: OwnedEstate | undefined;
  readonly log: Logger;
  readonly notifier: ServiceNotifier;
  readonly timeoutMs: () => number;
  /** How many processes there were before this one. */
  readonly generation: number;
  /** Aborted when the process is asked to stop. */
  readonly stopping: AbortSignal;
}

/** An estate in the hands of the process that may leave it. */
export interface OwnedEstate {
  /** Nothing of it is used until one of the others is called. */
  begin(): Estate;
  /** It stays here. */
  cancel(): void;
  /** It is the other process's. */
  complete(pid: number): void;
}

/** The other process accepts clients from these sockets. */
export interface HandedOver {
  readonly pid: number;
  readonly taken: ReadonlySet<number>;
}

/** Starts the process that follows this one, as often as asked until one does. */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #completed: Promise<void>;
  #complete: () => void = () => undefined;
  #handedOver: HandedOver | undefined;
  #phase: 'waiting' | 'idle' | 'running' | 'over' = 'waiting';
  #running: Promise<unknown> = Promise.resolve();
  #failures = 0;

  constructor(options: HandoverOptions) {
    this.#options = options;
    this.#completed = new Promise((resolve) => {
      this.#complete = resolve;
    });
  }

  /** Resolves when another process serves; this one has to let go of its sockets then. */
  get completed(): Promise<void> {
    return this.#completed;
  }

  /** Undefined until then. */
  get handedOver(): HandedOver | undefined {
    return this.#handedOver;
  }

  /** Clients are served: from now on it can be asked. */
  allow(): void {
    if (this.#phase === 'waiting') this.#phase = 'idle';
  }

  /** Resolves when no hand-over runs. */
  async untilIdle(): Promise<void> {
    await this.#running;
  }

  /** Never rejects. */
  request(origin: string): Promise<HandoverOutcome> {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#options.log.warn('no hand-over', { origin, reason: refusal });
      return Promise.resolve({ kind: 'refused', reason: refusal });
    }
    this.#phase = 'running';
    const outcome = this.#run(origin);
    this.#running = outcome;
    return outcome;
  }

  metrics(): MetricSnapshot {
    const { generation } = this.#options;
    return {
      counters: [
        {
          name: 'slotgate_handovers_failed_total',
          help: 'Hand-overs after which this process went on, since the next one was not ready.',
          labels: {},
          value: this.#failures,
        },
      ],
      gauges: [
        {
          name: 'slotgate_handover_generation',
          help: 'How many processes handed over to each other before this one; 0: it was started anew.',
          labels: {},
          value: generation,
        },
      ],
    };
  }

  #refusal(): string | undefined {
    const { own, stopping } = this.#options;
    if (own.noSuccessor !== undefined) return own.noSuccessor;
    if (stopping.aborted || this.#phase === 'over') return 'this process is being stopped';
    if (this.#phase === 'running') return 'a hand-over is running already';
    return this.#phase === 'waiting' ? 'this process does not serve clients yet' : undefined;
  }

  async #run(origin: string): Promise<HandoverOutcome> {
    const { log, notifier } = this.#options;
    const startedMs = performance.now();
    log.info('handing over', { origin });
    notifier.reloading('handing over to a new process');
    try {
      const { pid, taken } = await this.#start();
      this.#phase = 'over';
      const durationMs = Math.round(performance.now() - startedMs);
      log.info('handed over', { pid, sockets: taken.size, durationMs });
      notifier.handedOver(pid);
      this.#handedOver = { pid, taken };
      this.#complete();
      return { kind: 'done', pid, sockets: taken.size, durationMs };
    } catch (error) {
      const isExpected = error instanceof SuccessorError;
      const reason = isExpected ? error.message : String(error);
      this.#phase = 'idle';
      this.#failures++;
      log.error('not handed over; this process goes on', { reason });
      notifier.ready(`serving; the hand-over failed: ${reason}`);
      return { kind: 'failed', reason };
    }
  }

  async #start(): Promise<HandedOver> {
    const { proxy, estate, stopping } = this.#options;
    const descriptors = await proxy.begin();
    let successor: Successor | undefined;
    try {
      successor = this.#spawn(descriptors);
      await successor.untilPrepared(stopping);
      const taken = await successor.open(proxy.changes(), stopping);
      const { pid } = successor;
      estate?.complete(pid);
      successor.release();
      return { pid, taken };
    } catch (error) {
      await successor?.abandon();
      estate?.cancel();
      await proxy.cancel();
      throw error;
    }
  }

  #spawn(descriptors: readonly number[]): Successor {
    const { own, env, estate, input, timeoutMs, generation, http } = this.#options;
    return Successor.start({
      command: own.command,
      env,
      sockets: [...descriptors, ...http],
      estate: estate?.begin(),
      input,
      timeoutMs: timeoutMs(),
      generation: generation + 1,
    });
  }
}
