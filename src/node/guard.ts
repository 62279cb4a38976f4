import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
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

/** A process group of servers that never outlives this process. */
export class Guard {
  readonly #child: ChildProcess;
  readonly #orders: Writable;
  readonly #exited: Promise<void>;
  #isStopping = false;

  private constructor(child: ChildProcess, onServerExit: GuardOptions['onServerExit']) {
    this.#child = child;
    this.#orders = child.stdio[3] as Writable;
    // The guard may be gone before a line reaches it; its exit is what counts.
    this.#orders.on('error', () => {});
    this.#reportExits(onServerExit);
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    // Finds nobody after a regular stop. If somebody killed the guard alone, its servers must not stay.
    child.once('exit', () => {
      if (this.#signalGroup('SIGTERM')) {
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
    return new Guard(child, onServerExit);
  }

  /** Also the id of the process group; null if the guard could not be started. */
  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  startServer(configPath: string): void {
    this.#orders.write(`${configPath}\n`);
  }

  /** Stops all servers, gently first. Resolves when the group is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#orders.end();
    const timer = setTimeout(() => this.#signalGroup('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #reportExits(onServerExit: GuardOptions['onServerExit']): void {
    if (this.#child.stdout === null) return;
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const space = line.indexOf(' ');
      const exit = { exitCode: Number(line.slice(0, space)), configPath: line.slice(space + 1) };
      if (!this.#isStopping) onServerExit(exit);
    });
  }

  /** @returns Whether anybody was there to get it. */
  #signalGroup(signal: NodeJS.Signals): boolean {
    const { pid } = this.#child;
    if (pid === undefined) return false;
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
