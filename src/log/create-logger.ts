import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import type { LogFields, Logger, LogLevel } from './logger.js';
import type { LogOutput } from './output.js';
import { RepeatLimiter, repeatKey } from './repeat-limiter.js';

export interface LogOptions {
  readonly level: LogLevel;
  /** Pretty lines are for people at a terminal; JSON is for machines. */
  readonly format: 'json' | 'pretty';
  readonly output: LogOutput;
  readonly limiter?: RepeatLimiter;
}

/** Fields that are masked whoever logs them; `Secret` masks itself. */
const REDACTED_NAMES = ['password', 'secret', 'token', 'auth', 'credentials'];

/** A log whose level can be changed while it is in use. */
export interface AdjustableLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** Makes the process's log. The formatter for terminals is loaded only where it is used. */
export async function createLogger(options: LogOptions): Promise<AdjustableLogger> {
  const { output } = options;
  const format = options.format === 'pretty' ? await prettyFormatter() : undefined;
  const destination = {
    write: (line: string) => output.write(format === undefined ? line : format(line)),
  };
  const sink = pino(
    {
      base: { pid: process.pid },
      level: options.level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: REDACTED_NAMES.flatMap((name) => [name, `*.${name}`]),
        censor: '***',
      },
    },
    destination,
  );
  return new LimitedLogger(sink, options.limiter ?? new RepeatLimiter());
}

async function prettyFormatter(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({
    colorize: true,
    ignore: 'pid',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
}

class LimitedLogger implements AdjustableLogger {
  readonly #sink: PinoLogger;
  readonly #limiter: RepeatLimiter;

  constructor(sink: PinoLogger, limiter: RepeatLimiter) {
    this.#sink = sink;
    this.#limiter = limiter;
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields);
  }

  setLevel(level: LogLevel): void {
    this.#sink.level = level;
  }

  #log(level: Exclude<LogLevel, 'silent'>, message: string, fields: LogFields = {}): void {
    if (!this.#sink.isLevelEnabled(level)) return;
    this.#limiter.pass(repeatKey(level, message, fields), (suppressed) => {
      this.#sink[level](suppressed > 0 ? { ...fields, suppressed } : fields, message);
    });
  }
}
