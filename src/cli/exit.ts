import { ProxyError, type ProxyErrorCode } from '../errors/index.js';
import { LocalClusterError } from '../node/local-cluster-error.js';

/** Stopped as asked. */
export const EXIT_OK = 0;
/** Anything that is neither of the others. */
export const EXIT_FAILURE = 1;
/** Bad usage or configuration: starting again without a change cannot help. */
export const EXIT_USAGE = 2;

const USAGE_CODES: ReadonlySet<ProxyErrorCode> = new Set([
  'endpoint_invalid',
  'password_in_url',
  'tls_unavailable',
  'address_map_invalid',
]);

/** A failure that a command itself found; its message is all that the user needs. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(exitCode: typeof EXIT_FAILURE | typeof EXIT_USAGE, message: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof ProxyError) return USAGE_CODES.has(error.code) ? EXIT_USAGE : EXIT_FAILURE;
  if (error instanceof LocalClusterError && error.code === 'data_directory_mismatch') {
    return EXIT_USAGE;
  }
  return EXIT_FAILURE;
}

/** What the user is told: the message of an expected failure, the stack of a bug. */
export function describeFailure(error: unknown): string {
  if (error instanceof CommandError || error instanceof LocalClusterError) return error.message;
  if (error instanceof ProxyError) return `${error.message} [${error.code}]`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
