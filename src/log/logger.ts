export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Facts beside a message. Never a password: use `Secret`, which prints as `***`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What the rest of the project sees of the log. Safe to call at any rate; never throws, never blocks. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A log that is kept by nobody: for tests and for commands without a log. */
export const SILENT_LOGGER: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
