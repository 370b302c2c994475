/** What the fields of a log line must say, beyond being equal to a text. */
import { type Bytes, bytes, type Duration, milliseconds } from '../harness/units.ts';

/** Another field of the same line. */
export interface Field {
  readonly field: string;
}

/** A number that is this or more: a plain one, or that of another field. */
export interface AtLeast {
  readonly atLeast: number | Field;
  /** As it was written: 'at least 8MiB'. */
  readonly text: string;
}

export type LogValue = string | RegExp | AtLeast;

export const field = (name: string): Field => ({ field: name });

/** '8MiB' is bytes, '60s' is seconds, as log lines say them; a number is itself. Throws BAD_UNIT. */
export function atLeast(least: number | Bytes | Duration | Field): AtLeast {
  if (typeof least === 'object') return { atLeast: least, text: `at least its ${least.field}` };
  const text = `at least ${least}`;
  if (typeof least === 'number') return { atLeast: least, text };
  return { atLeast: /B$/.test(least) ? bytes(least as Bytes) : milliseconds(least as Duration) / 1_000, text };
}

/** '"error"', '/DATABASE/', 'at least 8MiB' */
export const readableValue = (value: LogValue): string =>
  value instanceof RegExp ? String(value) : typeof value === 'string' ? JSON.stringify(value) : value.text;

/** The names of the fields that do not say what they must. */
export function fieldsAmiss(
  fields: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, LogValue>>,
): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => !says(fields, fields[name], value))
    .map(([name]) => name);
}

function says(fields: Readonly<Record<string, unknown>>, value: unknown, wanted: LogValue): boolean {
  if (value === undefined) return false;
  if (typeof wanted === 'string') return String(value) === wanted;
  if (wanted instanceof RegExp) return String(value).search(wanted) >= 0;
  const least = typeof wanted.atLeast === 'number' ? wanted.atLeast : fields[wanted.atLeast.field];
  return typeof value === 'number' && typeof least === 'number' && value >= least;
}
