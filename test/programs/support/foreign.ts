import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A way to run Python with the module redis. */
export interface Python {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A C++ compiler, and its arguments for a program that uses hiredis. */
export interface Hiredis {
  readonly compiler: string;
  readonly compile: readonly string[];
  readonly link: readonly string[];
}

type Found<T> = T | { readonly absent: string };

const RECORD = fileURLToPath(new URL('../../../.cache/programs.json', import.meta.url));

/**
 * What the project's set-up found or unpacked.
 * @returns undefined, after a line that says why, for what this machine has not.
 */
export function foreignPrograms(): {
  readonly python: Python | undefined;
  readonly hiredis: Hiredis | undefined;
} {
  const record = readRecord();
  return {
    python: present('the tests of redis-py', record.python),
    hiredis: present('the tests of hiredis', record.hiredis),
  };
}

function readRecord(): { python: Found<Python>; hiredis: Found<Hiredis> } {
  try {
    return JSON.parse(readFileSync(RECORD, 'utf8'));
  } catch (cause) {
    throw new Error(`${RECORD} cannot be read: run "npm test", which writes it`, { cause });
  }
}

function present<T>(what: string, found: Found<T>): T | undefined {
  if (typeof found === 'object' && found !== null && 'absent' in found) {
    process.stdout.write(
      `skipped: ${what}: ${found.absent}\n(looked for anew without ${RECORD})\n`,
    );
    return undefined;
  }
  return found;
}
