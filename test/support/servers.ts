import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.js';

/** The servers that the project's set-up found or unpacked. */
export interface ServerPaths {
  readonly redisServer: string;
  readonly redisCli: string;
  readonly redisBenchmark: string;
  /** Environment to run them with: this process's, plus what unpacked libraries need. */
  readonly env: Readonly<Record<string, string>>;
}

const RECORD = join(ROOT, '.cache', 'servers.json');

/** @throws Error that names the set-up command, if the set-up has not run. */
export function serverPaths(): ServerPaths {
  const record: unknown = JSON.parse(readRecord());
  return {
    redisServer: textField(record, 'redisServer'),
    redisCli: textField(record, 'redisCli'),
    redisBenchmark: textField(record, 'redisBenchmark'),
    env: { ...ownEnvironment(), ...environmentField(record) },
  };
}

function readRecord(): string {
  try {
    return readFileSync(RECORD, 'utf8');
  } catch (cause) {
    throw new Error(`${RECORD} cannot be read: run "npm test", which sets the servers up`, {
      cause,
    });
  }
}

function textField(record: unknown, name: string): string {
  const value = field(record, name);
  if (typeof value !== 'string') {
    throw new Error(`${RECORD}: "${name}" should be a path, found ${JSON.stringify(value)}`);
  }
  return value;
}

function environmentField(record: unknown): Record<string, string> {
  const env = field(record, 'env');
  const entries = typeof env === 'object' && env !== null ? Object.entries(env) : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function field(record: unknown, name: string): unknown {
  return Object.entries(record ?? {}).find(([key]) => key === name)?.[1];
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
