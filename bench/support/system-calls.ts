import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BenchmarkCommand, runBenchmark } from './redis-benchmark.js';

const run = promisify(execFile);

const PERF_TOTAL = 'raw_syscalls:sys_enter';
const PERF_KIND = 'syscalls:sys_enter_';
const KINDS = [
  ...['epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'poll', 'epoll_ctl', 'futex'],
  ...['read', 'readv', 'recvfrom', 'recvmsg', 'write', 'writev', 'sendto', 'sendmsg'],
];
const WAITING_KINDS = ['epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'poll'];

export interface SystemCalls {
  readonly total: number;
  /** Calls by name; only names that occurred. */
  readonly byKind: Readonly<Record<string, number>>;
}

/** Counts the system calls of all threads of process `pid` while `command` runs. */
export interface SystemCallCounter {
  readonly tool: 'perf' | 'strace';
  count(pid: number, command: BenchmarkCommand): Promise<SystemCalls>;
}

/** The calls with which an event loop waits: one per turn. */
export function waitingCalls(calls: SystemCalls): number {
  return WAITING_KINDS.reduce((sum, kind) => sum + (calls.byKind[kind] ?? 0), 0);
}

/** perf where its tracepoints may be used, else strace, else nothing. */
export async function findSystemCallCounter(): Promise<SystemCallCounter | undefined> {
  if (await perfCounts(PERF_TOTAL)) {
    const known = await Promise.all(KINDS.map((kind) => perfCounts(PERF_KIND + kind)));
    const events = [
      PERF_TOTAL,
      ...KINDS.filter((_, i) => known[i]).map((kind) => PERF_KIND + kind),
    ];
    return {
      tool: 'perf',
      count: (pid, command) => countWithPerf(events, pid, command),
    };
  }
  if (await succeeds('strace', ['-c', '-f', '-o', '/dev/null', 'true'])) {
    return { tool: 'strace', count: countWithStrace };
  }
  return undefined;
}

function perfCounts(event: string): Promise<boolean> {
  return succeeds('perf', ['stat', '-e', event, '-o', '/dev/null', 'true']);
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(program, args);
    return true;
  } catch {
    return false;
  }
}

async function withOutputFile(use: (path: string) => Promise<void>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'slotgate-syscalls-'));
  const path = join(directory, 'counts');
  try {
    await use(path);
    return await readFile(path, 'utf8');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function countWithPerf(
  events: readonly string[],
  pid: number,
  command: BenchmarkCommand,
): Promise<SystemCalls> {
  const options = ['stat', '-x', ',', '-e', events.join(','), '-p', String(pid)];
  const text = await withOutputFile(async (path) => {
    const { program, args, env } = command;
    const perfArgs = [...options, '-o', path, '--', program, ...args];
    await runBenchmark({ program: 'perf', args: perfArgs, env });
  });
  return parsePerf(text);
}

/** Lines such as `433398,,raw_syscalls:sys_enter,1559188402,100.00,,`. */
function parsePerf(text: string): SystemCalls {
  const byKind: Record<string, number> = {};
  let total = Number.NaN;
  for (const line of text.split('\n')) {
    const [value, , event = ''] = line.split(',');
    if (event === PERF_TOTAL) total = Number(value);
    const count = Number(value);
    if (event.startsWith(PERF_KIND) && count > 0) byKind[event.slice(PERF_KIND.length)] = count;
  }
  if (!Number.isFinite(total)) throw new Error(`perf stat counted nothing:\n${text}`);
  return { total, byKind };
}

async function countWithStrace(pid: number, command: BenchmarkCommand): Promise<SystemCalls> {
  const text = await withOutputFile(async (path) => {
    const strace = spawn('strace', ['-c', '-f', '-o', path, '-p', String(pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<void>((resolve) => strace.once('exit', () => resolve()));
    // It says "Process N attached" as soon as it counts; if it cannot, it says why and ends.
    await new Promise<void>((resolve) => strace.stderr.once('data', () => resolve()));
    try {
      await runBenchmark(command);
    } finally {
      strace.kill('SIGINT');
      await ended;
    }
  });
  return parseStrace(text);
}

/** The table of `strace -c`: % time, seconds, usecs/call, calls, [errors,] name. */
function parseStrace(text: string): SystemCalls {
  const byKind: Record<string, number> = {};
  let total = 0;
  for (const line of text.split('\n')) {
    const match = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$/.exec(line);
    const [, calls, name] = match ?? [];
    if (calls === undefined || name === undefined || name === 'total') continue;
    byKind[name] = Number(calls);
    total += Number(calls);
  }
  if (total === 0) throw new Error(`strace counted nothing:\n${text}`);
  return { total, byKind };
}
