import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import {
  identifyProcess,
  isProcessAlive,
  type ProcessIdentity,
} from '../../src/node/process-identity.js';
import type { CleanUp } from './clean-ups.js';
import { TestProxy, type TestProxyOptions } from './proxy.js';
import { waitFor } from './wait.js';

/** What the admin listener answered to the order to hand over. */
export interface HandoverAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A proxy and the processes that follow it. */
export class Succession {
  readonly proxy: TestProxy;
  readonly #processes: ProcessIdentity[];

  private constructor(proxy: TestProxy) {
    this.proxy = proxy;
    this.#processes = [identifyProcess(proxy.pid)];
  }

  static async start(options: TestProxyOptions): Promise<Succession> {
    return new Succession(await TestProxy.start(options));
  }

  /** The id of the process that serves now. */
  get pid(): number {
    return this.#processes.at(-1)?.pid ?? 0;
  }

  /** Orders a hand-over, and waits for the answer. */
  async ask(): Promise<HandoverAnswer> {
    // On a connection of its own: one that was kept may be of a process that has just ended.
    const order = request(`${this.proxy.adminUrl}/v1/handover`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
    }).end('{}');
    const [response]: IncomingMessage[] = await once(order, 'response');
    if (response === undefined) throw new Error('no answer to the order to hand over');
    const { statusCode: status = 0 } = response;
    const body = (await json(response)) as Readonly<Record<string, unknown>>;
    if (status === 200) this.follow(Number(body.pid));
    return { status, body };
  }

  /** Hands over. @returns The id of the new process. */
  async handOver(): Promise<number> {
    const { status, body } = await this.ask();
    if (status !== 200) throw new Error(`${JSON.stringify(body)}; the log:\n${this.proxy.log}`);
    return this.pid;
  }

  /** Waits for a hand-over that was ordered otherwise. @returns The id of the new process. */
  async untilHandedOver(): Promise<number> {
    const done = () => /"pid":(\d+),"sockets":\d+,.*"handed over"/.exec(this.proxy.log)?.[1];
    await waitFor('the hand-over', () => done() !== undefined);
    this.follow(Number(done()));
    return this.pid;
  }

  /** Waits until all but the last process have ended. */
  async untilAlone(): Promise<void> {
    const before = this.#processes.slice(0, -1);
    await waitFor('the old processes to end', () => !before.some(isRunning));
  }

  /** A process serves now whose hand-over nobody has told of. */
  follow(pid: number): void {
    this.#processes.push(identifyProcess(pid));
  }

  isAlive(pid: number): boolean {
    return this.#processes.some((known) => known.pid === pid && isRunning(known));
  }

  /** Ends every process at once. */
  async stop(): Promise<void> {
    for (const known of this.#processes) {
      if (isRunning(known)) process.kill(known.pid, 'SIGKILL');
    }
    await waitFor('all processes to end', () => !this.#processes.some(isRunning));
  }
}

/** Of which a process that has handed over ends within a second; all end with the test. */
export async function startSuccession(
  options: TestProxyOptions,
  cleanUps: CleanUp[],
): Promise<Succession> {
  const args = ['--drain-timeout-ms', '1000', ...(options.args ?? [])];
  const succession = await Succession.start({ ...options, args });
  cleanUps.push(() => succession.stop());
  return succession;
}

/** Processes that have ended stay in the table until somebody asks for their exit code. */
export function isRunning(known: ProcessIdentity): boolean {
  if (!isProcessAlive(known)) return false;
  try {
    const stat = readFileSync(`/proc/${known.pid}/stat`, 'utf8');
    const nameEnd = stat.lastIndexOf(')');
    return stat.slice(nameEnd + 2, nameEnd + 3) !== 'Z';
  } catch {
    return false;
  }
}
