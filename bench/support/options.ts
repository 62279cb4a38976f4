const BAD_USAGE = 2;

/** The options of this run; if they cannot be read, says why and how they are used, and ends. */
export function readOptions<Options>(
  parse: (args: readonly string[]) => Options,
  usage: string,
): Options {
  try {
    return parse(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(usage);
    process.exit(BAD_USAGE);
  }
}

/** For parseArgs. */
export const TEXT = { type: 'string' } as const;
export const FLAG = { type: 'boolean', default: false } as const;

/** @param other Where nothing was given. @throws If something else than a count was. */
export function readCount<Other>(
  option: string,
  given: string | undefined,
  other: Other,
): number | Other {
  if (given === undefined) return other;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} ${given}: expected a whole number above 0`);
}

/** Of a result file, without its ending. */
export function readName(given: string): string {
  if (!/^[\w.-]+$/.test(given)) throw new Error(`--name ${given}: expected a file name`);
  return given;
}
