/**
 * Errors in the words of redis-server 7.0 and valkey-server 8.0 (`commandCheckExistence`,
 * `commandCheckArity`). Names and arguments are cut as there: at the first NUL, as C prints strings,
 * and after 128 bytes.
 */

/** Keys in several slots, of a command that needs them in one. */
export const CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot";

/** What a server without a cluster says to everything about one. */
export const CLUSTER_DISABLED = 'ERR This instance has cluster support disabled';

/** @param reason Which links there are, and where. */
export function busyText(reason: string): string {
  return `PROXYBUSY ${reason}; see maxPrivateLinks`;
}

const ECHOED_BYTES_MAX = 128;

/** `ERR unknown command 'foo', with args beginning with: 'a' 'b' ` */
export function unknownCommandError(args: readonly Buffer[]): Buffer {
  const [name = Buffer.alloc(0), ...rest] = args;
  let echoed = '';
  for (const arg of rest) {
    if (echoed.length >= ECHOED_BYTES_MAX) {
      break;
    }
    echoed += `'${printed(arg, ECHOED_BYTES_MAX - echoed.length)}' `;
  }
  return errorBytes(`ERR unknown command '${printed(name)}', with args beginning with: ${echoed}`);
}

/** `ERR unknown subcommand 'foo'. Try CLIENT HELP.` */
export function unknownSubcommandError(container: string, subcommand: Buffer): Buffer {
  const help = `Try ${container.toUpperCase()} HELP.`;
  return errorBytes(`ERR unknown subcommand '${printed(subcommand)}'. ${help}`);
}

/** @param name As in the command table: `client|kill` for a subcommand. */
export function wrongArityError(name: string): Buffer {
  return errorBytes(`ERR wrong number of arguments for '${name}' command`);
}

/** Bytes as characters of the same value, so that any byte survives until `errorBytes`. */
function printed(bytes: Buffer, bytesMax = ECHOED_BYTES_MAX): string {
  const end = bytes.indexOf(0);
  const text = end === -1 ? bytes : bytes.subarray(0, end);
  return text.toString('latin1', 0, bytesMax);
}

function errorBytes(text: string): Buffer {
  return Buffer.from(`-${text.replace(/[\r\n]/g, ' ')}\r\n`, 'latin1');
}
