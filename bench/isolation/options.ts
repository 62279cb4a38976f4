import { parseArgs } from 'node:util';
import { FLAG, readCount, readName, TEXT } from '../support/options.js';

export interface IsolationOptions {
  readonly isHelp: boolean;
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** Connections of the load that is measured. */
  readonly clients: number;
  readonly threads: string;
  /** Name of the result file. */
  readonly name: string;
}

export const USAGE = `Usage: npm run bench:isolation -- [options]

How much clients notice of trouble at a shard that they do not use: a server that is stopped (SIGSTOP), a slow
script, replies of 100 MB, a client that floods. Their GETs are sent at 30 % of the most that they can do, and
measured while the same happens to a server that nobody uses, without the proxy, and then at the shard, through
the proxy. Writes bench/results/NAME.json. It measures; it judges nothing.

  --rounds N        rounds (5)
  --seconds N       seconds per measurement (4)
  --clients N       connections of the GETs (50)
  --threads N       worker threads of Slotgate (1)
  --quick           1 round of 1 second
  --name NAME       name of the result file (isolation)
`;

/** @throws If an option is unknown or its value is not allowed; the message says what is. */
export function parseOptions(args: readonly string[]): IsolationOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ rounds: TEXT, seconds: TEXT, clients: TEXT, threads: TEXT, name: TEXT },
      ...{ quick: FLAG, help: FLAG },
    },
  });
  return {
    isHelp: values.help,
    rounds: readCount('--rounds', values.rounds, values.quick ? 1 : 5),
    seconds: readCount('--seconds', values.seconds, values.quick ? 1 : 4),
    clients: readCount('--clients', values.clients, 50),
    threads: values.threads ?? '1',
    name: readName(values.name ?? 'isolation'),
  };
}
