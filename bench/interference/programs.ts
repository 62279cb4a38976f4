import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PROJECT_ROOT } from '../support/paths.js';
import type { Address } from '../support/redis.js';

const run = promisify(execFile);
const OUTPUT = join(PROJECT_ROOT, 'build', 'bench');

const loadSchema = z.object({
  requestsPerSecond: z.number(),
  p50Us: z.number(),
  p99Us: z.number(),
  p999Us: z.number(),
});
const crowdSchema = z.object({ messagesPerSecond: z.number() });

export type LoadFigures = z.infer<typeof loadSchema>;

export interface LoadShape {
  readonly clients: number;
  /** Requests per second; 0: as many as the clients can do, one at a time each. */
  readonly rate: number;
  readonly seconds: number;
  readonly keyCount: number;
  /** If given: hash tags of the keys, `keyCount` of each. */
  readonly tags?: readonly string[];
  readonly valueBytes: number;
}

export interface CrowdShape {
  readonly subscribers: number;
  readonly messagesPerSecond: number;
  readonly messageBytes: number;
  readonly blocked: number;
}

/** Clients that stand around, in a process of their own. */
export interface Crowd {
  /** @returns Messages per second that its subscribers got together. */
  leave(): Promise<number>;
}

/** The load generators are C++, so that they take as little as possible of the target's machine. */
export async function compilePrograms(): Promise<void> {
  await Promise.all(['paced_get', 'crowd'].map((name) => compileProgram('interference', name)));
}

/** @returns Where the program `bench/FOLDER/NAME.cc` lies, compiled. */
export async function compileProgram(folder: string, name: string): Promise<string> {
  await mkdir(OUTPUT, { recursive: true });
  const compiler = process.env.CXX ?? 'c++';
  const source = join(PROJECT_ROOT, 'bench', folder, `${name}.cc`);
  const program = join(OUTPUT, name);
  await run(compiler, ['-std=c++20', '-O2', source, '-o', program]);
  return program;
}

/** @throws If the target closes a connection or answers with an error. */
export async function measureLoad(target: Address, shape: LoadShape): Promise<LoadFigures> {
  const { clients, rate, seconds, keyCount, valueBytes, tags = [] } = shape;
  const { stdout } = await run(join(OUTPUT, 'paced_get'), [
    ...[target.host, String(target.port), String(clients), String(rate)],
    ...[String(seconds), String(keyCount), String(valueBytes), ...tags],
  ]);
  return loadSchema.parse(JSON.parse(stdout));
}

/** @throws If one of them cannot be there. It ends with this process, whatever ends this one. */
export async function gatherCrowd(target: Address, shape: CrowdShape): Promise<Crowd> {
  const { subscribers, messagesPerSecond, messageBytes, blocked } = shape;
  const child = spawn(
    join(OUTPUT, 'crowd'),
    [
      ...[target.host, String(target.port), String(subscribers), String(messagesPerSecond)],
      ...[String(messageBytes), String(blocked)],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the crowd has ended; see its error above');
    return value;
  };
  await nextLine();
  return {
    leave: async () => {
      child.stdin.end();
      const { messagesPerSecond: got } = crowdSchema.parse(JSON.parse(await nextLine()));
      await exited;
      return got;
    },
  };
}
