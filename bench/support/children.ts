import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STOP_TIMEOUT_MS = 3000;
const LOG_TAIL_CHARACTERS = 2000;

export interface Child {
  readonly pid: number;
  /** Resolves when `ready` does; rejects with the end of the log if the process ends first. */
  untilReady(ready: (signal: AbortSignal) => Promise<void>): Promise<void>;
}

/** The processes that one benchmark run started, and the temporary folder they live in. */
export class Children {
  readonly directory = mkdtempSync(join(tmpdir(), 'slotgate-bench-'));
  readonly #running = new Set<ChildProcess>();

  constructor() {
    // Last resort: whatever ends this process, nothing it started outlives it.
    process.once('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL');
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  /** @param label Names the log file and appears in errors; unique within a run. */
  start(
    label: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Child {
    const logPath = join(this.directory, `${label}.log`);
    const log = openSync(logPath, 'a');
    const child = spawn(command, args, {
      cwd: this.directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      // A process group of its own: Ctrl-C reaches this process alone, which then stops the others.
      detached: true,
    });
    closeSync(log);
    this.#running.add(child);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
    }).finally(() => this.#running.delete(child));
    if (child.pid === undefined) throw new Error(`${label}: cannot start ${command}`);
    return {
      pid: child.pid,
      untilReady: (ready) => raceReady(label, logPath, ended, ready),
    };
  }

  /** Ends every process: SIGTERM, after three seconds SIGKILL. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running].map(stopOne));
  }
}

async function raceReady(
  label: string,
  logPath: string,
  ended: Promise<string>,
  ready: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const abort = new AbortController();
  const early = ended.then((how) => {
    throw new Error(`${label} ${how}`);
  });
  try {
    await Promise.race([ready(abort.signal), early]);
  } catch (error) {
    throw new Error(`${label} did not become ready; its log ends with:\n${logTail(logPath)}`, {
      cause: error,
    });
  } finally {
    abort.abort();
    early.catch(() => undefined);
  }
}

function logTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-LOG_TAIL_CHARACTERS);
  } catch {
    return '(no log)';
  }
}

async function stopOne(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
