import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Stream } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlacementChanges } from '../../proxy/handover.js';
import {
  HANDOVER_VARIABLE,
  HANDOVER_VERSION,
  isToPredecessor,
  type Legacy,
  type ToPredecessor,
  type ToSuccessor,
} from './messages.js';

/** Beyond its own time-out: by then it hangs. */
const GRACE_MS = 2_000;
/** Between the word to open and that it serves. */
const OPEN_TIMEOUT_MS = 10_000;
/** How long its exit code is waited for when it has hung up. */
const EXIT_WAIT_MS = 1_000;

/** What else a process leaves to the next one, beside its sockets. */
export interface Estate {
  readonly streams: readonly Stream[];
  /** As plain data. */
  readonly facts: object;
}

export interface SuccessorOptions {
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly sockets: readonly number[];
  readonly estate: Estate | undefined;
  /** What this process has read from its standard input. */
  readonly input: string | undefined;
  readonly timeoutMs: number;
  readonly generation: number;
}

/** Why the next process does not take over. */
export class SuccessorError extends Error {
  override readonly name = 'SuccessorError';
}

/** The process that is to follow this one. */
export class Successor {
  readonly #child: ChildProcess;
  readonly #options: SuccessorOptions;
  readonly #firstSocket: number;
  readonly #messages: ToPredecessor[] = [];
  #wake: (() => void) | undefined;
  /** Why there will be no more messages. */
  #end: string | undefined;

  private constructor(child: ChildProcess, options: SuccessorOptions, firstSocket: number) {
    this.#child = child;
    this.#options = options;
    this.#firstSocket = firstSocket;
    child.on('message', (message) => {
      if (isToPredecessor(message)) this.#messages.push(message);
      this.#wake?.();
    });
    child.once('error', (error) => this.#ended(`it cannot be started: ${error.message}`));
    // What it sent has arrived by then, unlike at its exit.
    child.once('disconnect', () => void this.#exit().then((how) => this.#ended(how)));
    // It may read none of what it is given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  }

  static start(options: SuccessorOptions): Successor {
    const { command, sockets, estate, input, env, timeoutMs, generation } = options;
    const [program, ...args] = command;
    const streams = estate?.streams ?? [];
    const stdio: StdioOptions = [
      input === undefined ? 'ignore' : 'pipe',
      ...['inherit' as const, 'inherit' as const, 'ipc' as const],
      ...sockets,
      ...streams,
    ];
    const firstSocket = stdio.length - streams.length - sockets.length;
    const numbers = (first: number, count: number) =>
      Array.from({ length: count }, (_, index) => first + index);
    const legacy: Legacy = {
      version: HANDOVER_VERSION,
      generation,
      sockets: numbers(firstSocket, sockets.length),
      timeoutMs,
      deadlineMs: Date.now() + timeoutMs,
      estate:
        estate === undefined
          ? null
          : {
              descriptors: numbers(firstSocket + sockets.length, streams.length),
              facts: estate.facts,
            },
    };
    const child = spawn(program, args, {
      stdio,
      env: { ...env, [HANDOVER_VARIABLE]: JSON.stringify(legacy) },
    });
    return new Successor(child, options, firstSocket);
  }

  /** @throws SuccessorError if it could not be started. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new SuccessorError(this.#end ?? 'it cannot be started');
    return pid;
  }

  /** Resolves when only opening is left. @throws SuccessorError */
  async untilPrepared(aborted: AbortSignal): Promise<void> {
    await this.#expect('prepared', this.#options.timeoutMs + GRACE_MS, aborted);
  }

  /** Lets it open. @returns Those of `sockets` that it accepts from. @throws SuccessorError */
  async open(placement: PlacementChanges, aborted: AbortSignal): Promise<ReadonlySet<number>> {
    this.#send({ kind: 'go', placement });
    const { taken } = await this.#expect('serving', OPEN_TIMEOUT_MS, aborted);
    const own = taken.map((fd) => this.#options.sockets[fd - this.#firstSocket] ?? -1);
    return new Set(own);
  }

  /** Everything is the other one's from now on. */
  release(): void {
    this.#send({ kind: 'yours' });
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Ends it at once: it must not tidy up what is not its own. Resolves when it is gone. */
  async abandon(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit();
  }

  async #expect<K extends ToPredecessor['kind']>(
    kind: K,
    timeoutMs: number,
    aborted: AbortSignal,
  ): Promise<Extract<ToPredecessor, { readonly kind: K }>> {
    const message = await this.#next(timeoutMs, aborted);
    if (message.kind === 'failed') throw new SuccessorError(message.reason);
    if (!isOf(kind, message)) throw new SuccessorError(`it said ${message.kind} too early`);
    return message;
  }

  #next(timeoutMs: number, aborted: AbortSignal): Promise<ToPredecessor> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        done();
        reject(new SuccessorError(reason));
      };
      const stop = () => fail('this process was asked to stop');
      const timer = setTimeout(() => fail(`it said nothing for ${timeoutMs} ms`), timeoutMs);
      const done = () => {
        clearTimeout(timer);
        aborted.removeEventListener('abort', stop);
        this.#wake = undefined;
      };
      this.#wake = () => {
        const message = this.#messages.shift();
        if (message !== undefined) {
          done();
          resolve(message);
        } else if (this.#end !== undefined) {
          fail(this.#end);
        }
      };
      aborted.addEventListener('abort', stop);
      if (aborted.aborted) stop();
      else this.#wake();
    });
  }

  #ended(how: string): void {
    this.#end ??= how;
    this.#wake?.();
  }

  async #exit(): Promise<string> {
    const child = this.#child;
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    if (!isOver() && child.pid !== undefined) {
      const over = new Promise((resolve) => child.once('exit', resolve));
      await Promise.race([over, delay(EXIT_WAIT_MS, undefined, { ref: false })]);
    }
    if (!isOver()) return 'it hung up';
    return child.signalCode === null
      ? `it ended with exit code ${child.exitCode}`
      : `it was ended by ${child.signalCode}`;
  }

  #send(message: ToSuccessor): void {
    // Whether it is still there is seen when it does not answer.
    this.#child.send(message, () => undefined);
  }
}

function isOf<K extends ToPredecessor['kind']>(
  kind: K,
  message: ToPredecessor,
): message is Extract<ToPredecessor, { readonly kind: K }> {
  return message.kind === kind;
}
