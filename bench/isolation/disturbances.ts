import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Address } from '../support/redis.js';
import type { Server } from '../support/servers.js';

/** What goes on until it is ended. */
export interface Ongoing {
  end(): Promise<void>;
}

/** Where a disturbance happens. */
export interface Place {
  /** The shard's server. */
  readonly server: Server;
  /** Where clients reach it: the proxy, or the server itself. */
  readonly entrance: Address;
  /** A small value there, and one of 100 MB. */
  readonly key: string;
  readonly largeKey: string;
}

export interface Disturbance {
  readonly name: string;
  begin(program: string, place: Place): Promise<Ongoing>;
}

export const DISTURBANCES: readonly Disturbance[] = [
  { name: 'server stopped', begin: async (_, { server }) => stop(server) },
  {
    name: 'scripts of 1 s',
    begin: (program, { entrance, key }) => run(program, 'script', entrance, key),
  },
  {
    name: '100 MB replies, one each second',
    begin: (program, { entrance, largeKey }) => run(program, 'large', entrance, largeKey),
  },
  {
    name: 'a client that floods',
    begin: (program, { entrance, key }) => run(program, 'flood', entrance, key),
  },
];

function stop({ pid }: Server): Ongoing {
  process.kill(pid, 'SIGSTOP');
  return {
    end: async () => {
      process.kill(pid, 'SIGCONT');
    },
  };
}

/** Runs `disturb`. It ends with this process, whatever ends this one. */
export async function run(
  program: string,
  how: 'touch' | 'script' | 'large' | 'flood',
  { host, port }: Address,
  key: string,
): Promise<Ongoing> {
  const child = spawn(program, [how, host, String(port), key], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const isReady = once(child.stdout, 'data');
  await Promise.race([isReady, exited.then(() => Promise.reject(new Error(`${how}: has ended`)))]);
  return {
    end: async () => {
      child.stdin.end();
      const [code] = await exited;
      if (code !== 0) throw new Error(`${how}: ended with ${String(code)}`);
    },
  };
}
