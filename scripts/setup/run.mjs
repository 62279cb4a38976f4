/** Child processes of the set-up: quiet when they succeed, complete when they fail. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './paths.mjs';
import { SetupProblem } from './problem.mjs';

/**
 * Runs a command in the project's root and keeps its output back.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, remedy?: string }} [options]
 * @returns {Promise<string>} Standard output and error, in the order written.
 * @throws {SetupProblem} with the whole output, if it cannot be run or fails.
 */
export async function runQuietly(command, args, options = {}) {
  const { output, status } = await capture(command, args, options);
  if (status === 0) return output;
  const line = [command, ...args].join(' ');
  throw new SetupProblem(
    `${output.trimEnd()}\n"${line}" failed (${status})`,
    options.remedy ?? 'The output above says why.',
  );
}

/**
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number }} [options]
 * @returns {Promise<{ output: string, status: number | string }>} `status` is the exit code, the
 *   signal's name (SIGKILL after the time-out), or why the command could not be run.
 */
export function capture(command, args, { cwd = ROOT, env = {}, timeoutMs = 0 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const settle = (status) => resolve({ output: Buffer.concat(chunks).toString(), status });
    child.on('error', (error) => settle(error.message));
    child.on('close', (code, signal) => settle(code ?? signal ?? 'no status'));
  });
}

/**
 * Runs a command in the foreground, on this process's own terminal.
 * @returns {number} Its exit code; 1 if a signal ended it or it could not be run.
 */
export function runInForeground(command, args, { env = {} } = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status ?? 1;
}

/** @returns {string | undefined} The full path of an executable in PATH. */
export function findInPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder === '' ? '.' : folder, name);
    if (isExecutable(candidate)) return candidate;
  }
  return undefined;
}

/** @returns {boolean} False also for a link that leads nowhere. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
