/** The end of a service's log, for a message. */
import { readFileSync } from 'node:fs';

const LAST_LINES = 15;

/** The last lines of a file; '' where there is none. */
export function lastLinesOf(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  } catch {
    return '';
  }
}
