import { parseArgs } from 'node:util';

export interface BurstOptions {
  readonly isHelp: boolean;
  /** `maxMemoryBytes` of the proxy, in MiB. */
  readonly limitMib: number;
  readonly seconds: number;
  /** Clients that ask for large values and never read. */
  readonly stalled: number;
  /** Connections that are opened and closed. */
  readonly connections: number;
  readonly threads: string;
  /** Name of the result file. */
  readonly name: string;
}

export const USAGE = `Usage: npm run bench:bursts -- [options]

What bursts cost a proxy with a limit of memory, and when the memory is back: clients that ask for
values of 1 MiB and never read (and what that does to the GETs of others), one value larger than the
limit, a pipeline of a million commands, connections that come and go. Writes
bench/results/NAME.json. It measures; it judges nothing.

  --limit N         maxMemoryBytes of the proxy in MiB (256)
  --seconds N       seconds per measurement of GETs (10)
  --stalled N       clients that never read (100)
  --connections N   connections opened and closed (50000)
  --threads N       worker threads of Slotgate (1)
  --name NAME       name of the result file (bursts)
`;

const text = { type: 'string' } as const;

/** @throws If an option is unknown or its value is not allowed; the message says what is. */
export function parseOptions(args: readonly string[]): BurstOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      limit: text,
      seconds: text,
      stalled: text,
      connections: text,
      threads: text,
      name: text,
      help: { type: 'boolean', default: false },
    },
  });
  const count = (option: 'limit' | 'seconds' | 'stalled' | 'connections', other: number) =>
    values[option] === undefined ? other : readCount(`--${option}`, values[option]);
  return {
    isHelp: values.help,
    limitMib: count('limit', 256),
    seconds: count('seconds', 10),
    stalled: count('stalled', 100),
    connections: count('connections', 50_000),
    threads: values.threads ?? '1',
    name: readName(values.name ?? 'bursts'),
  };
}

function readCount(option: string, given: string): number {
  const value = Number(given);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} ${given}: expected a whole number above 0`);
}

function readName(given: string): string {
  if (!/^[\w.-]+$/.test(given)) throw new Error(`--name ${given}: expected a file name`);
  return given;
}
