/** Logs as JSON lines on standard output, each with the correlation id of the request that caused it. */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { correlationId } from './correlation.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly service: string;
  /** A pino level: 'fatal', 'error', 'warn', 'info', 'debug', 'trace' or 'silent'. */
  readonly level: string;
  /** Where the lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/**
 * Lines are written asynchronously, several at once while a write is under way: a slow reader of the log never holds a
 * request up. What that risks is the last lines of a process that is killed outright, not those of one that ends.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const id = correlationId();
        return id === undefined ? {} : { correlation_id: id };
      },
    },
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 0 }),
  );
}
