import type { SignalSource } from './environment.js';

/** Ctrl-C under npm arrives twice, from the terminal and from npm: that is one signal. */
const SAME_SIGNAL_MS = 1_000;

/** Turns signals into "please stop" and, after a second one, "stop now". */
export class ShutdownSignals {
  readonly #request = new AbortController();
  readonly #force = new AbortController();
  readonly #source: SignalSource;
  readonly #signals: readonly NodeJS.Signals[];
  readonly #now: () => number;
  #firstAtMs: number | undefined;

  constructor(
    source: SignalSource,
    signals: readonly NodeJS.Signals[],
    now: () => number = () => performance.now(),
  ) {
    this.#source = source;
    this.#signals = signals;
    this.#now = now;
    for (const signal of signals) source.on(signal, this.#receive);
  }

  /** Aborted with the first signal; its reason is the signal's name. */
  get requested(): AbortSignal {
    return this.#request.signal;
  }

  /** Aborted at a signal that comes later than a second after the first. */
  get forced(): AbortSignal {
    return this.#force.signal;
  }

  dispose(): void {
    for (const signal of this.#signals) this.#source.off(signal, this.#receive);
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = this.#now();
      this.#request.abort(signal);
    } else if (this.#now() - this.#firstAtMs >= SAME_SIGNAL_MS) {
      this.#force.abort(signal);
    }
  };
}

/** Resolves when a signal is aborted, at once if it already is. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
