import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PROJECT_ROOT } from '../support/paths.js';

/** Where results lie; `NAME.json` each. */
const RESULTS_DIRECTORY = join(PROJECT_ROOT, 'bench', 'results');

const headerSchema = z.object({
  date: z.string(),
  commit: z.string(),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryBytes: z.number(),
    kernel: z.string(),
    loadAverage: z.number(),
  }),
  versions: z.record(z.string(), z.string()),
  /** The options as given on the command line. */
  options: z.array(z.string()),
  targets: z.array(z.object({ name: z.string(), about: z.string() })),
});

const roundSchema = z.object({
  requestsPerSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  /** CPU time of all threads of the target per request, in microseconds. */
  cpuMicros: z.number(),
  /** Per request, from the target's own counters. */
  ownSystemCalls: z.number().optional(),
  ownRequestsPerTurn: z.number().optional(),
});

const systemCallSchema = z.object({
  perRequest: z.number(),
  byKind: z.record(z.string(), z.number()),
  requestsPerTurn: z.number().nullable(),
});

const spreadSchema = z.object({
  median: z.number(),
  min: z.number(),
  max: z.number(),
});

const ratioSchema = z.object({
  cpuMicros: spreadSchema,
  requestsPerSecond: spreadSchema,
  p50Ms: spreadSchema,
  p99Ms: spreadSchema,
});

const caseTargetSchema = z.object({
  rounds: z.array(roundSchema),
  median: roundSchema,
  systemCalls: systemCallSchema.optional(),
  /** The reference target's figures divided by this target's, round by round. */
  referenceRatio: ratioSchema.optional(),
});

const caseSchema = z.object({
  name: z.string(),
  requests: z.number(),
  targets: z.record(z.string(), caseTargetSchema),
});

const speedSchema = headerSchema.extend({
  kind: z.literal('speed'),
  rounds: z.number(),
  reference: z.string(),
  systemCallTool: z.string(),
  cases: z.array(caseSchema),
});

const memorySchema = headerSchema.extend({
  kind: z.literal('memory'),
  clients: z.number(),
  burstBytes: z.number(),
  restMs: z.number(),
  openFilesMax: z.number(),
  memory: z.record(
    z.string(),
    z.object({
      idleBytes: z.number(),
      /** After one small wave of clients came, worked and left: what is paid once. */
      warmBytes: z.number(),
      withClientsBytes: z.number(),
      afterClientsBytes: z.number(),
      /** (withClientsBytes - idleBytes) / clients. */
      perClientBytes: z.number(),
    }),
  ),
});

const interferenceRoundSchema = z.object({
  requestsPerSecond: z.number(),
  p50Us: z.number(),
  p99Us: z.number(),
  p999Us: z.number(),
  /** CPU time of all threads of the proxy by elapsed time; 1 is one core. */
  cpuShare: z.number(),
  /** Messages that all subscribers together got. */
  deliveriesPerSecond: z.number(),
});

const interferenceSchema = headerSchema.extend({
  kind: z.literal('interference'),
  rounds: z.number(),
  seconds: z.number(),
  clients: z.number(),
  subscribers: z.number(),
  messagesPerSecond: z.number(),
  messageBytes: z.number(),
  blocked: z.number(),
  mostRequestsPerSecond: z.number(),
  /** Requests per second that were sent. */
  rate: z.number(),
  situations: z.array(
    z.object({
      name: z.string(),
      rounds: z.array(interferenceRoundSchema),
      median: interferenceRoundSchema,
      /** By the quiet measurement of the same round. */
      p50Ratio: spreadSchema,
      p99Ratio: spreadSchema,
    }),
  ),
});

const isolationRoundSchema = z.object({
  requestsPerSecond: z.number(),
  p50Us: z.number(),
  p99Us: z.number(),
  p999Us: z.number(),
});

const isolationSchema = headerSchema.extend({
  kind: z.literal('isolation'),
  rounds: z.number(),
  seconds: z.number(),
  clients: z.number(),
  mostRequestsPerSecond: z.number(),
  /** Requests per second that were sent. */
  rate: z.number(),
  situations: z.array(
    z.object({
      name: z.string(),
      /** The trouble is at a server that nobody uses, or of a server without the proxy. */
      elsewhere: z.array(isolationRoundSchema),
      /** … at a shard that is used through the proxy, by others. */
      here: z.array(isolationRoundSchema),
      /** `here` by `elsewhere`, round by round. */
      p99Ratio: spreadSchema,
      throughputRatio: spreadSchema,
    }),
  ),
});

const burstSchema = headerSchema.extend({
  kind: z.literal('bursts'),
  limitBytes: z.number(),
  seconds: z.number(),
  stalled: z.number(),
  rate: z.number(),
  idleBytes: z.number(),
  /** The GETs of others: before clients leave replies unread, while they begin to, and later. */
  stalls: z.array(
    z.object({
      name: z.string(),
      quiet: isolationRoundSchema,
      beginning: isolationRoundSchema,
      later: isolationRoundSchema,
    }),
  ),
  bursts: z.array(
    z.object({
      name: z.string(),
      /** The most that the process ever had until then. */
      peakBytes: z.number(),
      backAfterMs: z.number(),
      afterBytes: z.number(),
    }),
  ),
});

const resultSchema = z.discriminatedUnion('kind', [
  speedSchema,
  memorySchema,
  interferenceSchema,
  isolationSchema,
  burstSchema,
]);

export type ResultHeader = z.infer<typeof headerSchema>;
export type Round = z.infer<typeof roundSchema>;
export type SystemCallFigures = z.infer<typeof systemCallSchema>;
export type Spread = z.infer<typeof spreadSchema>;
export type Ratio = z.infer<typeof ratioSchema>;
export type CaseResult = z.infer<typeof caseSchema>;
export type CaseTargetResult = z.infer<typeof caseTargetSchema>;
export type SpeedResult = z.infer<typeof speedSchema>;
export type MemoryResult = z.infer<typeof memorySchema>;
export type InterferenceRound = z.infer<typeof interferenceRoundSchema>;
export type InterferenceResult = z.infer<typeof interferenceSchema>;
export type IsolationRound = z.infer<typeof isolationRoundSchema>;
export type IsolationResult = z.infer<typeof isolationSchema>;
export type BurstResult = z.infer<typeof burstSchema>;
export type Result = z.infer<typeof resultSchema>;

function pathOf(name: string): string {
  return join(RESULTS_DIRECTORY, `${name}.json`);
}

/** @returns The path written to. */
export async function writeResult(name: string, result: Result): Promise<string> {
  await mkdir(RESULTS_DIRECTORY, { recursive: true });
  const path = pathOf(name);
  await writeFile(path, `${JSON.stringify(result, null, 1)}\n`);
  return path;
}

export function hasResult(name: string): boolean {
  return existsSync(pathOf(name));
}

/** @throws If there is no such result, or it was written by another version of the benchmark. */
export async function readResult(name: string): Promise<Result> {
  return resultSchema.parse(JSON.parse(await readFile(pathOf(name), 'utf8')));
}
