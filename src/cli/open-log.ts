import type { ProcessConfig } from '../config/deployment.js';
import { type AdjustableLogger, createLogger } from '../log/create-logger.js';
import { openOutput } from '../log/output.js';

const STDOUT_FD = 1;

/** The process's log, on standard output. */
export interface OpenLog {
  readonly log: AdjustableLogger;
  /** Waits a short time for the reader of standard output. */
  close(): Promise<void>;
}

export async function openLog(config: ProcessConfig, isTerminal: boolean): Promise<OpenLog> {
  const output = openOutput(STDOUT_FD);
  const format = config.logFormat === 'auto' ? (isTerminal ? 'pretty' : 'json') : config.logFormat;
  const log = await createLogger({ level: config.logLevel, format, output });
  return { log, close: () => output.close() };
}
