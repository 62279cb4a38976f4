import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** The process itself, as a hand-over needs to know it. */
export interface OwnProcess {
  /** Program and arguments that start another one like it. */
  readonly command: readonly [string, ...string[]];
  /** Why no process can follow this one; undefined: one can. */
  readonly noSuccessor: string | undefined;
}

/** What is known of a process and its parent. */
export interface ProcessFacts {
  readonly pid: number;
  readonly ppid: number;
  /** The name of process 1, as /proc has it; undefined where it does not tell. */
  readonly initName: string | undefined;
  readonly hasSignal: boolean;
}

/** They end, and the container with them, when the process that they started does. */
const CONTAINER_INITS: ReadonlySet<string> = new Set([
  'tini',
  'docker-init',
  'dumb-init',
  'catatonit',
]);

export function ownProcess(): OwnProcess {
  const { execPath, execArgv, argv, pid, ppid } = process;
  return {
    command: [execPath, ...execArgv, ...argv.slice(1)],
    noSuccessor: noSuccessor({
      pid,
      ppid,
      initName: nameOfInit(),
      hasSignal: 'SIGUSR2' in constants.signals,
    }),
  };
}

/** Why a process like this cannot be followed by another one; undefined: it can. */
export function noSuccessor(facts: ProcessFacts): string | undefined {
  const { pid, ppid, initName, hasSignal } = facts;
  if (!hasSignal) return 'this system cannot hand a listening socket to another process';
  const ends = 'the container ends with it; start a new container beside this one instead';
  if (pid === 1) return `this process is PID 1: ${ends}`;
  if (ppid === 1 && initName !== undefined && CONTAINER_INITS.has(initName)) {
    return `this process was started by ${initName} as PID 1: ${ends}`;
  }
  return undefined;
}

function nameOfInit(): string | undefined {
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim();
  } catch {
    return undefined;
  }
}
