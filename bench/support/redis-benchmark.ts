import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServerPrograms } from './programs.js';
import type { Address } from './redis.js';

const run = promisify(execFile);

export interface Load {
  readonly clients: number;
  readonly pipeline: number;
  readonly requests: number;
  /** `__rand_int__` in `command` becomes a random number below this. */
  readonly keyCount: number;
  readonly command: readonly string[];
}

/** A command line that {@link runBenchmark} runs, or something that counts while it runs. */
export interface BenchmarkCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One run of redis-benchmark on one thread, with its results as CSV. */
export function benchmarkCommand(
  programs: ServerPrograms,
  target: Address,
  load: Load,
): BenchmarkCommand {
  const args = [
    ...['-h', target.host, '-p', String(target.port), '--csv'],
    ...['-c', String(load.clients), '-P', String(load.pipeline), '-n', String(load.requests)],
    ...['-r', String(load.keyCount), ...load.command],
  ];
  return {
    program: programs.redisBenchmark,
    args,
    env: { ...process.env, ...programs.env },
  };
}

/** @throws If redis-benchmark fails, as it does at the first error reply. */
export async function runBenchmark(command: BenchmarkCommand): Promise<LoadResult> {
  const { program, args, env } = command;
  const { stdout, stderr } = await run(program, args, {
    env,
    maxBuffer: 1 << 24,
  });
  return parseBenchmark(stdout, stderr);
}

/** Reads the CSV by its last fields: the first one repeats the command, values and all. */
export function parseBenchmark(stdout: string, stderr: string): LoadResult {
  const lines = stdout.trimEnd().split('\n');
  const header = lines.find((line) => line.startsWith('"test",'));
  const names = header === undefined ? [] : header.slice(1, -1).split('","');
  const values = (lines.at(-1) ?? '').slice(1, -1).split('","').slice(-names.length);
  const field = (name: string) => Number(values[names.indexOf(name)]);
  const result = {
    requestsPerSecond: field('rps'),
    p50Ms: field('p50_latency_ms'),
    p99Ms: field('p99_latency_ms'),
  };
  if (Object.values(result).every(Number.isFinite)) return result;
  throw new Error(`redis-benchmark gave no result: ${stderr || stdout}`.slice(0, 500));
}
