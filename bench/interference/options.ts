import { parseArgs } from 'node:util';

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

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** @throws If an option is unknown or its value is not allowed; the message says what is. */
export function parseOptions(args: readonly string[]): InterferenceOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text,
      seconds: text,
      clients: text,
      subscribers: text,
      messages: text,
      blocked: text,
      threads: text,
      name: text,
      quick: flag,
      help: flag,
    },
  });
  const count = (
    option: 'rounds' | 'seconds' | 'clients' | 'subscribers' | 'messages' | 'blocked',
    other: number,
  ) => (values[option] === undefined ? other : readCount(`--${option}`, values[option]));
  return {
    isHelp: values.help,
    rounds: count('rounds', values.quick ? 3 : 7),
    seconds: count('seconds', values.quick ? 2 : 5),
    clients: count('clients', 50),
    subscribers: count('subscribers', 1000),
    messagesPerSecond: count('messages', 100),
    blocked: count('blocked', 200),
    threads: values.threads ?? '1',
    name: readName(values.name ?? 'interference'),
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
