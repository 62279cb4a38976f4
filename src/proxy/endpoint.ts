import type { Logger } from '../log/logger.js';
import type { Clock } from '../topology/index.js';
import type { EndpointState } from './deployment.js';
import { type DrainedClients, drainClients } from './drain.js';

/** Sockets that are bound; `Listeners` is one. */
export interface EndpointSockets {
  /** Clients can connect from now on. */
  open(): void;
  /** Who new clients are may be other than when it was opened. */
  applyRules(): void;
  /** No client can connect any more; those that are connected stay. */
  close(): Promise<void>;
  /** Gives back sockets that were never opened. */
  release(): void;
  readonly descriptors: readonly number[];
  /**
   * No client can connect here any more. Sockets from which another process accepts stay open, so that
   * nobody who waits at them is lost; the others are closed.
   */
  handOver(taken: ReadonlySet<number>): Promise<void>;
}

/** The clients that came in through an endpoint. */
export interface EndpointClients extends DrainedClients {
  /** Undoes `letLeave` and `unblock`: who has not gone yet may stay, and wait in blocking commands. */
  letStay(): void;
  /** Tells those who want to know that they have to go elsewhere within the time. */
  announceMove(seconds: number): void;
  /** Closes all that are left, whatever they are doing. */
  closeAll(): Promise<void>;
}

export interface EndpointOptions {
  /** As users write them. */
  readonly addresses: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** @throws ProxyError if an address cannot be used. */
  readonly bind: () => Promise<EndpointSockets>;
  readonly clients: EndpointClients;
  readonly graceMs: () => number;
  readonly drainTimeoutMs: () => number;
}

type Phase =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly opened: Promise<boolean> }
  | { readonly kind: 'listening'; readonly sockets: EndpointSockets }
  | { readonly kind: 'grace'; readonly sockets: EndpointSockets; readonly cancel: () => void }
  | { readonly kind: 'draining'; readonly abort: AbortController; readonly closed: Promise<void> };

/**
 * The port of a database on one node that this process plays:
 * closed -> listening -> grace -> draining -> closed, and back to listening from each of them.
 */
export class Endpoint {
  readonly #options: EndpointOptions;
  #phase: Phase = { kind: 'closed' };
  #reserved: EndpointSockets | undefined;
  #problem = '';

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  get addresses(): readonly string[] {
    return this.#options.addresses;
  }

  get state(): EndpointState {
    return this.#phase.kind === 'opening' ? 'closed' : this.#phase.kind;
  }

  /** Why it could not be opened when that was last tried; '' if it could. */
  get problem(): string {
    return this.#problem;
  }

  /** How many clients came in through it. */
  countClients(): Promise<number> {
    return this.#options.clients.count();
  }

  /** Takes the addresses without listening on them. @throws ProxyError if one cannot be used. */
  async reserve(): Promise<void> {
    this.#reserved ??= await this.#options.bind();
  }

  /** Gives back what was only reserved. */
  release(): void {
    this.#reserved?.release();
    this.#reserved = undefined;
  }

  /** Listens, whatever it was doing. @returns False if that is not possible now; `problem` says why. */
  open(): Promise<boolean> {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'listening':
        return Promise.resolve(true);
      case 'opening':
        return phase.opened;
      case 'grace':
        phase.cancel();
        this.#phase = { kind: 'listening', sockets: phase.sockets };
        return Promise.resolve(true);
      case 'draining':
        phase.abort.abort();
        return this.#begin(phase.closed);
      case 'closed':
        return this.#begin();
    }
  }

  /** New clients are told apart by the rules of now. */
  applyRules(): void {
    if (this.#phase.kind === 'listening' || this.#phase.kind === 'grace') {
      this.#phase.sockets.applyRules();
    }
  }

  /** Stays open for the grace, then drains its clients. Only an endpoint that listens is retired. */
  retire(): void {
    if (this.#phase.kind !== 'listening') {
      return;
    }
    const { sockets } = this.#phase;
    const { clock, clients, graceMs } = this.#options;
    const delayMs = graceMs();
    const cancel = clock.after(delayMs, () => this.#drain(sockets));
    this.#phase = { kind: 'grace', sockets, cancel };
    clients.announceMove(Math.ceil(delayMs / 1000));
  }

  /** Of its sockets, in whatever state they are. */
  get descriptors(): readonly number[] {
    return this.#sockets?.descriptors ?? [];
  }

  /** Nobody can connect from now on, and nothing is done about those who are connected. */
  shut(): Promise<void> {
    this.release();
    return this.#end((sockets) => sockets.close());
  }

  /** As `shut`, but another process accepts from the sockets that it has taken. */
  async handOver(taken: ReadonlySet<number>): Promise<void> {
    const reserved = this.#reserved;
    this.#reserved = undefined;
    await reserved?.handOver(taken);
    await this.#end((sockets) => sockets.handOver(taken));
  }

  get #sockets(): EndpointSockets | undefined {
    return 'sockets' in this.#phase ? this.#phase.sockets : this.#reserved;
  }

  async #end(close: (sockets: EndpointSockets) => Promise<void>): Promise<void> {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'closed':
        return;
      case 'opening':
        await phase.opened;
        return this.#end(close);
      case 'draining':
        phase.abort.abort();
        this.#phase = { kind: 'closed' };
        return phase.closed;
      case 'grace':
        phase.cancel();
        break;
      case 'listening':
        break;
    }
    this.#phase = { kind: 'closed' };
    return close(phase.sockets);
  }

  #begin(before: Promise<void> = Promise.resolve()): Promise<boolean> {
    const opened = before.then(() => this.#listen());
    this.#phase = { kind: 'opening', opened };
    return opened;
  }

  async #listen(): Promise<boolean> {
    const { clients, log, addresses } = this.#options;
    try {
      await this.reserve();
      clients.letStay();
      const sockets = this.#openReserved();
      this.#phase = { kind: 'listening', sockets };
      this.#problem = '';
      log.info('endpoint opened', { addresses: addresses.join(', ') });
      return true;
    } catch (error) {
      this.#phase = { kind: 'closed' };
      this.#problem = error instanceof Error ? error.message : String(error);
      log.error('endpoint cannot be opened', { reason: this.#problem });
      return false;
    }
  }

  #openReserved(): EndpointSockets {
    const sockets = this.#reserved;
    if (sockets === undefined) {
      throw new Error('the endpoint was shut while it was opened');
    }
    sockets.open();
    this.#reserved = undefined;
    return sockets;
  }

  #drain(sockets: EndpointSockets): void {
    const abort = new AbortController();
    const closed = sockets.close();
    this.#phase = { kind: 'draining', abort, closed };
    const addresses = this.addresses.join(', ');
    this.#options.log.info('endpoint closed; its clients are drained', { addresses });
    void closed.then(() => this.#empty(abort.signal));
  }

  async #empty(aborted: AbortSignal): Promise<void> {
    const { clients, clock, drainTimeoutMs } = this.#options;
    const isEmpty = await drainClients(clients, drainTimeoutMs(), clock, aborted);
    if (!isEmpty && !aborted.aborted) {
      await clients.closeAll();
    }
    if (!aborted.aborted) {
      this.#phase = { kind: 'closed' };
    }
  }
}
