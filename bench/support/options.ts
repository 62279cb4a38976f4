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
