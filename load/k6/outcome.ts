/** k6's error codes (https://grafana.com/docs/k6/latest/javascript-api/error-codes) in the words the other drivers use. */

const NAMES: Readonly<Record<number, string>> = {
  1050: 'TIMEOUT',
  1101: 'ENOTFOUND',
  1211: 'ETIMEDOUT',
  1212: 'ECONNREFUSED',
  1220: 'ECONNRESET',
  1201: 'EPIPE',
};

/**
 * Why there was no whole answer: 'ECONNREFUSED', or k6's own number. undefined where there was one; an answer of 4xx or 5xx
 * has a code from 1400 to 1599 and is an answer.
 */
export function lossOf(status: number, errorCode: number, error: string): string | undefined {
  if (status > 0 && (errorCode === 0 || (errorCode >= 1400 && errorCode < 1600))) return undefined;
  return NAMES[errorCode] ?? (/\bEOF\b/.test(error) ? 'ECONNRESET' : `K6_${errorCode}`);
}
