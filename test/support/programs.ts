import { spawn, spawnSync } from 'node:child_process';

/** What a program of another language or of the servers' package said. */
export interface ProgramResult {
  readonly code: number | null;
  readonly output: string;
}

/** A program that hangs is ended before its test is, and leaves nothing behind. */
const PROGRAM_TIMEOUT_MS = 25_000;

/** Runs a program to its end without blocking this process. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: {
    readonly input?: string | Buffer;
    readonly env?: NodeJS.ProcessEnv;
    /** When it is ended; a program that is to hang on must say so. */
    readonly timeoutMs?: number;
  } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? PROGRAM_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    const parts: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => parts.push(data));
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(parts).toString() }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/**
 * The first of several commands that can do what is asked for.
 * @param probe Arguments with which a suitable one ends with 0.
 * @returns undefined, after a line that says why, if there is none.
 */
export function findProgram(
  what: string,
  commands: readonly string[],
  probe: readonly string[],
): string | undefined {
  const found = commands.find((command) => spawnSync(command, probe).status === 0);
  if (found === undefined) {
    process.stdout.write(`skipped: ${what} is not installed (tried ${commands.join(', ')})\n`);
  }
  return found;
}
