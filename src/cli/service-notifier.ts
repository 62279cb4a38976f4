import { nativeAddon } from '../native/index.js';

const VARIABLE = 'NOTIFY_SOCKET';

/** Tells a service manager what the process is doing, as systemd's sd_notify(3); without one, nobody. */
export class ServiceNotifier {
  readonly #send: (text: string) => void;
  #isSilent = false;

  /** @param send Sends one message; may throw. */
  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** The manager that the environment names, by a path or `@` and a name in the abstract namespace. */
  static from(env: NodeJS.ProcessEnv): ServiceNotifier {
    const path = env[VARIABLE];
    return new ServiceNotifier((text) => {
      if (path !== undefined && /^[/@]/.test(path)) nativeAddon().sendDatagram(path, text);
    });
  }

  /** Clients can connect, or a reload or a hand-over that failed is over. */
  ready(status: string): void {
    this.#tell('READY=1', `STATUS=${status}`);
  }

  /** `ready` or `handedOver` follows. */
  reloading(status: string): void {
    // hrtime is CLOCK_MONOTONIC, which is what is asked for.
    const micros = process.hrtime.bigint() / 1_000n;
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${micros}`, `STATUS=${status}`);
  }

  stopping(status: string): void {
    this.#tell('STOPPING=1', `STATUS=${status}`);
  }

  /** Another process is the service now. The manager listens to this one no more. */
  handedOver(pid: number): void {
    this.#tell(`MAINPID=${pid}`, 'READY=1', `STATUS=serving, handed over to process ${pid}`);
    this.#isSilent = true;
  }

  #tell(...lines: readonly string[]): void {
    if (this.#isSilent) return;
    try {
      this.#send(lines.map((line) => line.replaceAll('\n', ' ')).join('\n'));
    } catch {
      // Whoever asked to be told has gone, or takes nothing: that ends no service.
    }
  }
}
