import { parseArgs } from 'node:util';
import { FLAG, readCount, readName, TEXT } from '../support/options.js';

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

/** @throws If an option is unknown or its value is not allowed; the message says what is. */
export function parseOptions(args: readonly string[]): BurstOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      limit: TEXT,
      seconds: TEXT,
      stalled: TEXT,
      connections: TEXT,
      threads: TEXT,
      name: TEXT,
      help: FLAG,
    },
  });
  return {
    isHelp: values.help,
    limitMib: readCount('--limit', values.limit, 256),
    seconds: readCount('--seconds', values.seconds, 10),
    stalled: readCount('--stalled', values.stalled, 100),
    connections: readCount('--connections', values.connections, 50_000),
    threads: values.threads ?? '1',
    name: readName(values.name ?? 'bursts'),
  };
}
