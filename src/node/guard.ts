import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { ServerProgram } from './server-program.js';

/**
 * The guard's script. It runs in a session of its own, so signals of the terminal do not reach the
 * servers. It starts a server for each line (a configuration file) that it reads from descriptor 3.
 * That pipe ends when the last process that can write to it is gone, however it went, also by
 * kill -9: then the guard stops the whole group. A shell costs 1 MiB, a Node process 40.
 */
const GUARD_SCRIPT = `
server=$1
servers=
trap : TERM INT HUP
while IFS= read -r config <&3; do
  (
    trap : TERM INT HUP
    "$server" "$config" </dev/null >&2
    echo "$? $config"
  ) 3<&- &
  servers="$servers $!"
done
kill -TERM 0
(sleep 10; kill -KILL 0) 3<&- >/dev/null 2>&1 &
for pid in $servers; do wait "$pid"; done
kill -KILL 0
`;

/** Beyond the guard's own 10 s; then the group is killed from here. */
const STOP_TIMEOUT_MS = 12_000;

export interface ServerExit {
  readonly configPath: string;
  readonly exitCode: number;
}

export interface GuardOptions {
  readonly program: ServerProgram;
  /** What servers say before their own log is open. */
  readonly errorLog: string;
  /** Called for each server that ends without having been stopped from here. */
  readonly onServerExit: (exit: ServerExit) => void;
}

/** The guard of another process, which is now this one's. */
export interface AdoptedGuard {
  readonly pid: number;
  /** Descriptors of the pipes to it and from it. */
  readonly orders: number;
  readonly reports: number;
  readonly onServerExit: GuardOptions['onServerExit'];
}

interface GuardParts {
  readonly pid: number | null;
  readonly orders: Writable;
  readonly reports: Readable;
  /** Resolves when the guard's process is gone. */
  readonly exited: Promise<void>;
}

/** A process group of servers that never outlives this process, and that to which it is handed over. */
export class Guard {
  readonly #parts: GuardParts;
  readonly #lines: Interface;
  #isStopping = false;
  #hasLeft = false;

  private constructor(parts: GuardParts, onServerExit: GuardOptions['onServerExit']) {
    this.#parts = parts;
    // The guard may be gone before a line reaches it; its exit is what counts.
    parts.orders.on('error', () => {});
    this.#lines = createInterface({ input: parts.reports }).on('line', (line) => {
      const space = line.indexOf(' ');
      const exit = { exitCode: Number(line.slice(0, space)), configPath: line.slice(space + 1) };
      if (!this.#isStopping) onServerExit(exit);
    });
    // Finds nobody after a regular stop. If somebody killed the guard alone, its servers must not stay.
    void parts.exited.then(() => {
      if (!this.#hasLeft && this.#signalGroup('SIGTERM')) {
        setTimeout(() => this.#signalGroup('SIGKILL'), STOP_TIMEOUT_MS).unref();
      }
    });
  }

  static start({ program, errorLog, onServerExit }: GuardOptions): Guard {
    const errors = openSync(errorLog, 'a', 0o600);
    const child = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'slotgate-guard', program.path], {
      detached: true,
      cwd: '/',
      env: serverEnvironment(program),
      stdio: ['ignore', 'pipe', errors, 'pipe'],
    });
    closeSync(errors);
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    const orders = child.stdio[3] as Writable;
    const reports = child.stdout as Readable;
    return new Guard({ pid: child.pid ?? null, orders, reports, exited }, onServerExit);
  }

  static adopt({ pid, orders, reports, onServerExit }: AdoptedGuard): Guard {
    const input = new Socket({ fd: reports, readable: true, writable: false });
    // The guard and what it started for its servers hold the other end.
    const exited = new Promise<void>((resolve) => input.once('close', () => resolve()));
    input.on('error', () => {});
    const output = new Socket({ fd: orders, readable: false, writable: true });
    return new Guard({ pid, orders: output, reports: input, exited }, onServerExit);
  }

  /** Also the id of the process group; null if the guard could not be started. */
  get pid(): number | null {
    return this.#parts.pid;
  }

  startServer(configPath: string): void {
    this.#parts.orders.write(`${configPath}\n`);
  }

  /**
   * The pipes to the guard and from it, for another process. From the second one this process does not
   * read until `goOn`.
   */
  lend(): readonly [orders: Writable, reports: Readable] {
    this.#lines.pause();
    return [this.#parts.orders, this.#parts.reports];
  }

  goOn(): void {
    this.#lines.resume();
  }

  /** The guard lives on with the process that has the pipes. */
  leave(): void {
    this.#isStopping = true;
    this.#hasLeft = true;
    // Not `end`, which would end the pipe for everybody.
    this.#parts.orders.destroy();
    this.#parts.reports.destroy();
  }

  /** Stops all servers, gently first. Resolves when the group is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#parts.orders.end();
    const timer = setTimeout(() => this.#signalGroup('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#parts.exited;
    clearTimeout(timer);
  }

  /** @returns Whether anybody was there to get it. */
  #signalGroup(signal: NodeJS.Signals): boolean {
    const { pid } = this.#parts;
    if (pid === null) return false;
    try {
      return process.kill(-pid, signal);
    } catch {
      return false;
    }
  }
}

/** Servers see nothing of the proxy's own settings, of which some are secret. */
function serverEnvironment(program: ServerProgram): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SLOTGATE_'));
  return { ...Object.fromEntries(inherited), ...program.env };
}
