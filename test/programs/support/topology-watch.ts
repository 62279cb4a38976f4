import { setTimeout as sleep } from 'node:timers/promises';
import { TestClient, type TestReply } from '../../support/resp-client.js';
import type { Target } from './steady-load.js';

const PERIOD_MS = 25;
const SLOTS = 16_384;

/** Asks for CLUSTER SLOTS all the time, over new connections, as cluster clients do. */
export class TopologyWatch {
  readonly #target: Target;
  readonly #faults: string[] = [];
  readonly #running: Promise<void>;
  #answers = 0;
  #isOver = false;

  constructor(target: Target) {
    this.#target = target;
    this.#running = this.#run();
  }

  /** How many topologies there were, and those that were none that a client can use. */
  async stop(): Promise<{ readonly answers: number; readonly faults: readonly string[] }> {
    this.#isOver = true;
    await this.#running;
    return { answers: this.#answers, faults: this.#faults };
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const client = await TestClient.connect(this.#target);
      const reply = await client.call('CLUSTER', 'SLOTS').catch(refusal);
      client.close();
      if (reply !== null) {
        this.#answers++;
        if (!isWhole(reply, this.#target.port)) this.#faults.push(JSON.stringify(reply));
      }
      await sleep(PERIOD_MS);
    }
  }
}

/** In mode `standalone` there is no topology. */
function refusal(error: Error): null {
  if (!error.message.includes('cluster support disabled')) throw error;
  return null;
}

/** All slots once, and either nodes of the proxy or servers, never some of both. */
function isWhole(reply: TestReply, proxyPort: number): boolean {
  if (!Array.isArray(reply)) return false;
  let next = 0;
  const ports = new Set<unknown>();
  for (const [first, last, primary] of reply) {
    if (first !== next) return false;
    next = Number(last) + 1;
    ports.add(Array.isArray(primary) ? primary[1] : undefined);
  }
  return next === SLOTS && (!ports.has(proxyPort) || ports.size === 1);
}
