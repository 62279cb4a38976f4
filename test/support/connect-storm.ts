import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const TICK_MS = 10;
/** With so many unanswered, no more are begun: on a slow machine the rate is what it is. */
const OPEN_MAX = 1_000;

/** New connections at a steady rate, each of which asks once and ends. */
export class ConnectStorm {
  /** What went wrong with connections, with its number. */
  readonly failures = new Map<string, number>();
  #answered = 0;
  #open = 0;
  #isOver = false;
  readonly #running: Promise<void>;

  constructor(target: { readonly port: number } | { readonly path: string }, perSecond: number) {
    this.#running = this.#run(target, perSecond);
  }

  /** Connections that were answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Ends when the last connection has. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(
    target: { readonly port: number } | { readonly path: string },
    perSecond: number,
  ): Promise<void> {
    let begunMs = performance.now();
    for (; !this.#isOver; await sleep(TICK_MS)) {
      const nowMs = performance.now();
      const due = Math.ceil(((nowMs - begunMs) / 1_000) * perSecond);
      for (let i = 0; i < due && this.#open < OPEN_MAX; i++) this.#ask(target);
      begunMs = nowMs;
    }
    while (this.#open > 0) await sleep(TICK_MS);
  }

  #ask(target: { readonly port: number } | { readonly path: string }): void {
    this.#open++;
    let text = '';
    const socket = connect('port' in target ? { host: '127.0.0.1', ...target } : target, () =>
      socket.write('PING\r\n'),
    );
    socket.on('data', (chunk) => {
      text += chunk;
      if (text === '+PONG\r\n') socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error.code ?? error.message));
    socket.once('close', (hadError) => {
      this.#open--;
      if (text === '+PONG\r\n') this.#answered++;
      else if (!hadError) this.#failed(`closed after ${JSON.stringify(text)}`);
    });
  }

  #failed(what: string): void {
    this.failures.set(what, (this.failures.get(what) ?? 0) + 1);
  }
}
