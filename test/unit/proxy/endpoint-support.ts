import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { Endpoint } from '../../../src/proxy/endpoint.js';
import { FakeClock } from '../../support/fake-clock.js';

/** An endpoint without sockets; `events` says what was done, in order. */
export class FakeEndpoint {
  readonly clock: FakeClock;
  readonly events: string[];
  readonly endpoint: Endpoint;
  readonly #name: string;
  readonly descriptors: readonly number[] = [10, 11];
  clients = 0;
  #isLeaving = false;
  /** Clients that never are idle. */
  busy = 0;
  /** Why the address cannot be used. */
  refusal: string | undefined;

  constructor(name = 'n1', clock = new FakeClock(), events: string[] = []) {
    this.#name = name;
    this.clock = clock;
    this.events = events;
    this.endpoint = new Endpoint({
      addresses: [`${name}:12000`],
      clock,
      log: SILENT_LOGGER,
      bind: () => this.#bind(),
      graceMs: () => 15_000,
      drainTimeoutMs: () => 10_000,
      clients: {
        count: async () => this.clients,
        letLeave: (most) => {
          this.#isLeaving = true;
          this.clients = Math.max(this.busy, this.clients - most);
        },
        makeLeave: () => this.#note('makes leave'),
        unblock: async () => this.#note('unblock'),
        letStay: () => {
          if (this.#isLeaving) this.#note(`lets ${this.clients} stay`);
          this.#isLeaving = false;
        },
        announceMove: (seconds) => this.#note(`moves in ${seconds} s`),
        closeAll: async () => {
          this.#note(`closes ${this.clients}`);
          this.clients = 0;
        },
      },
    });
  }

  async #bind() {
    if (this.refusal !== undefined) {
      throw new Error(this.refusal);
    }
    this.#note('bind');
    return {
      open: () => this.#note('listen'),
      applyRules: () => this.#note('rules'),
      close: async () => this.#note('close'),
      release: () => this.#note('release'),
      descriptors: this.descriptors,
      handOver: async (taken: ReadonlySet<number>) => this.#note(`leaves ${[...taken].join()}`),
    };
  }

  #note(event: string): void {
    this.events.push(`${this.#name} ${event}`);
  }
}
