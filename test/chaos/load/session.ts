import { setTimeout as sleep } from 'node:timers/promises';
import type { Argument, Driver, DriverKind, Reply } from '../drivers/driver.js';
import type { Executed } from '../history/error-kinds.js';
import type { Operation, Pending } from '../history/operations.js';
import type { Recorder } from '../history/recorder.js';

export interface Request {
  readonly operation: Operation;
  readonly slots: readonly number[];
  readonly args: readonly Argument[];
  /** See {@link Pending}. */
  readonly mayBeOvertaken?: boolean;
  /** Looks at the reply. @returns What is wrong with it, if it cannot be the one to this request. */
  readonly accept: (reply: Reply, at: number) => string | undefined;
}

const RECONNECT_AFTER_MS = 50;

/** One client of the load: its connection, and the history of what it asked for. */
export class Session {
  readonly name: string;
  readonly #kind: DriverKind;
  readonly #recorder: Recorder;
  #driver: Driver | undefined;
  #connecting: Promise<Driver> | undefined;
  #isClosed = false;

  constructor(name: string, kind: DriverKind, recorder: Recorder) {
    this.name = `${name} (${kind.name})`;
    this.#kind = kind;
    this.#recorder = recorder;
  }

  /**
   * Connects, also again after the connection was closed. Tries until it succeeds.
   * @throws Error if the session was closed meanwhile.
   */
  async connect(): Promise<Driver> {
    if (this.#driver !== undefined && !this.#driver.isClosed) return this.#driver;
    this.#connecting ??= this.#tryToConnect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** @returns Whether it was executed: undefined if it was and the reply says so. */
  async request({ args, ...request }: Request): Promise<Executed | undefined> {
    return this.#perform(request, (driver) => driver.call(...args));
  }

  async transaction(
    slot: number,
    commands: readonly (readonly Argument[])[],
    accept: Request['accept'],
  ): Promise<Executed | undefined> {
    return this.#perform(
      { operation: 'transaction', slots: [slot], accept, mayBeOvertaken: true },
      (driver) => driver.transaction(commands),
    );
  }

  /** @param slots Of a shard channel; empty for others. */
  async subscribe(
    channel: string,
    slots: readonly number[],
    onMessage: (text: string) => void,
  ): Promise<void> {
    const accept = () => undefined;
    await this.#perform({ operation: 'subscribe', slots, accept }, async (driver) => {
      await driver.subscribe(channel, onMessage);
      return null;
    });
  }

  /** Ends requests that wait for a reply, too. */
  close(): void {
    this.#isClosed = true;
    this.#driver?.close();
  }

  /** Requests of one turn go out in the order of the calls if the connection is there. */
  async #perform(
    { operation, slots, accept, mayBeOvertaken = false }: Omit<Request, 'args'>,
    perform: (driver: Driver) => Promise<Reply>,
  ): Promise<Executed | undefined> {
    const isReady = this.#driver !== undefined && !this.#driver.isClosed;
    const driver = isReady && this.#driver ? this.#driver : await this.connect();
    const pending = this.#recorder.begin({ operation, client: this.name, slots, mayBeOvertaken });
    try {
      const reply = await perform(driver);
      const at = this.#recorder.succeed(pending);
      const fault = accept(reply, at);
      if (fault !== undefined) this.#recorder.mismatch(pending, fault);
      return undefined;
    } catch (error) {
      return this.#recorder.fail(pending, error);
    }
  }

  async #tryToConnect(): Promise<Driver> {
    while (!this.#isClosed) {
      try {
        const driver = await this.#kind.connect((detail) =>
          this.#recorder.mismatch({ operation: 'echo', client: this.name }, detail),
        );
        this.#driver = driver;
        if (this.#isClosed) driver.close();
        return driver;
      } catch {
        await sleep(RECONNECT_AFTER_MS);
      }
    }
    throw new Error(`${this.name} was closed`);
  }
}
