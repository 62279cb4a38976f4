import { parseArgs } from 'node:util';
import { FLAG, readCount, readName, TEXT } from '../support/options.js';
import type { Address } from '../support/redis.js';
import type { CaseSelection } from './cases.js';

export interface Peer extends Address {
  readonly name: string;
  readonly pid: number;
}

export interface Options {
  readonly mode: 'speed' | 'memory' | 'servers-only' | 'help';
  readonly peers: readonly Peer[];
  /** A cluster that the user has started, instead of one of our own. */
  readonly clusterSeeds: readonly Address[];
  readonly targets: RegExp;
  readonly reference: string;
  readonly cases: CaseSelection;
  readonly rounds: number;
  readonly countSystemCalls: boolean;
  readonly threads: string;
  readonly clients: number;
  /** Name of the result file. */
  readonly name: string;
}

export const USAGE = `Usage: npm run bench:peers -- [options]

Runs redis-benchmark against Slotgate, twemproxy, one server without proxy, and further peers, in
alternating rounds, and writes bench/results/NAME.json. It measures; it judges nothing.

  --peer NAME=HOST:PORT:PID   a further proxy, already running (repeatable)
  --cluster-seeds A:P,B:P     use this cluster; its keys key:0000… are overwritten
  --servers-only              start a cluster, print its addresses, keep it until Ctrl-C
  --targets REGEXP            only targets whose name matches
  --reference NAME            the target that is divided by the others (slotgate)
  --cases REGEXP              only cases whose name matches, such as get-p16-c50-64
  --rounds N                  rounds per case (7)
  --requests N                requests per run (by case: about a second)
  --threads N                 worker threads of Slotgate (1)
  --quick                     3 rounds, 64-byte values, a quarter of the requests
  --syscalls                  also count system calls, in runs of their own
  --memory                    measure memory instead of speed
  --clients N                 clients of --memory (10000)
  --name NAME                 name of the result file (peers; quick; memory)
`;

/** @throws If an option is unknown or its value is not allowed; the message says what is. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peer: { ...TEXT, multiple: true },
      'cluster-seeds': TEXT,
      'servers-only': FLAG,
      targets: TEXT,
      reference: TEXT,
      cases: TEXT,
      rounds: TEXT,
      requests: TEXT,
      threads: TEXT,
      quick: FLAG,
      syscalls: FLAG,
      memory: FLAG,
      clients: TEXT,
      name: TEXT,
      help: FLAG,
    },
  });
  return {
    mode: modeOf(values),
    peers: (values.peer ?? []).map(parsePeer),
    clusterSeeds: (values['cluster-seeds'] ?? '').split(',').filter(Boolean).map(parseAddress),
    targets: new RegExp(values.targets ?? ''),
    reference: values.reference ?? 'slotgate',
    cases: {
      names: new RegExp(values.cases ?? ''),
      valueSizes: values.quick ? [64] : [64, 1024],
      requests: readCount('--requests', values.requests, undefined),
      scale: values.quick ? 0.25 : 1,
    },
    rounds: readCount('--rounds', values.rounds, values.quick ? 3 : 7),
    countSystemCalls: values.syscalls,
    threads: values.threads ?? '1',
    clients: readCount('--clients', values.clients, 10_000),
    name: readName(values.name ?? (values.memory ? 'memory' : values.quick ? 'quick' : 'peers')),
  };
}

function modeOf(values: {
  readonly help: boolean;
  readonly 'servers-only': boolean;
  readonly memory: boolean;
}): Options['mode'] {
  if (values.help) return 'help';
  if (values['servers-only']) return 'servers-only';
  return values.memory ? 'memory' : 'speed';
}

function parsePeer(given: string): Peer {
  const match = /^([\w.-]+)=(.+):(\d+)$/.exec(given);
  const [, name, address, pid] = match ?? [];
  if (name === undefined || address === undefined) {
    throw new Error(`--peer ${given}: expected NAME=HOST:PORT:PID`);
  }
  return { name, ...parseAddress(address), pid: Number(pid) };
}

function parseAddress(given: string): Address {
  const [, host, port] = /^(.+):(\d+)$/.exec(given) ?? [];
  if (host === undefined) throw new Error(`${given}: expected HOST:PORT`);
  return { host, port: Number(port) };
}
