import { parseArgs } from 'node:util';
import { FLAG, readCount, readName, TEXT } from '../support/options.js';

export interface InterferenceOptions {
  readonly isHelp: boolean;
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** Connections of the load that is measured. */
  readonly clients: number;
  readonly subscribers: number;
  readonly messagesPerSecond: number;
  readonly blocked: number;
  readonly threads: string;
  /** Name of the result file. */
  readonly name: string;
}

export const USAGE = `Usage: npm run bench:interference -- [options]

How much others disturb an unrelated GET at half of the most that Slotgate can do: subscribers of one
channel that gets messages (of the proxy, and of a server beside it), clients that wait in BLPOP, and
both. Alternating rounds; ratios are taken
within a round. Writes bench/results/NAME.json. It measures; it judges nothing.

  --rounds N        rounds (7)
  --seconds N       seconds per measurement (5)
  --clients N       connections of the GETs (50)
  --subscribers N   subscribers of one channel (1000)
  --messages N      messages per second, of 100 bytes each (100)
  --blocked N       clients in BLPOP (200)
  --threads N       worker threads of Slotgate (1)
  --quick           3 rounds of 2 seconds
  --name NAME       name of the result file (interference)
`;

/** @throws If an option is unknown or its value is not allowed; the message says what is. */
export function parseOptions(args: readonly string[]): InterferenceOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: TEXT,
      seconds: TEXT,
      clients: TEXT,
      subscribers: TEXT,
      messages: TEXT,
      blocked: TEXT,
      threads: TEXT,
      name: TEXT,
      quick: FLAG,
      help: FLAG,
    },
  });
  return {
    isHelp: values.help,
    rounds: readCount('--rounds', values.rounds, values.quick ? 3 : 7),
    seconds: readCount('--seconds', values.seconds, values.quick ? 2 : 5),
    clients: readCount('--clients', values.clients, 50),
    subscribers: readCount('--subscribers', values.subscribers, 1000),
    messagesPerSecond: readCount('--messages', values.messages, 100),
    blocked: readCount('--blocked', values.blocked, 200),
    threads: values.threads ?? '1',
    name: readName(values.name ?? 'interference'),
  };
}
