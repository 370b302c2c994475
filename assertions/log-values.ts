/** What a field of a JSON log line can be claimed to be: a text, a pattern, or at least so much. */
import { type Bytes, bytes, type Duration, milliseconds } from '../harness/units.ts';
import { readable } from './explain.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Another field of the same line. */
export interface Field {
  readonly field: string;
}

export interface AtLeast {
  readonly least: number | Field;
  /** '8MiB', '60s', 'timeout' */
  readonly shown: string;
}

export type FieldValue = string | RegExp | AtLeast;

/** The value of another field of the same line: `atLeast(field('timeout'))`. */
export const field = (name: string): Field => ({ field: name });

/** A number of that size or more: bytes for a size, seconds for a duration, as log lines have them. Throws BAD_UNIT. */
export function atLeast(least: number | Bytes | Duration | Field): AtLeast {
  if (typeof least === 'number') return { least, shown: String(least) };
  if (typeof least === 'object') return { least, shown: least.field };
  const inBytes = /B$/.test(least);
  return { least: inBytes ? bytes(least, 'atLeast()') : milliseconds(least, 'atLeast()') / 1_000, shown: least };
}

/** Whether the line has it. What is no number is not at least anything. */
export function has(fields: Fields, name: string, wanted: FieldValue): boolean {
  const value = fields[name];
  if (value === undefined) return false;
  if (typeof wanted === 'string') return String(value) === wanted;
  if (wanted instanceof RegExp) return String(value).search(wanted) >= 0;
  const least = typeof wanted.least === 'number' ? wanted.least : fields[wanted.least.field];
  return typeof value === 'number' && typeof least === 'number' && value >= least;
}

/** 'audio_file_size ≥ 8MiB' */
export function valueText(name: string, wanted: FieldValue): string {
  if (typeof wanted === 'string') return `${name}=${JSON.stringify(wanted)}`;
  return wanted instanceof RegExp ? `${name}=${wanted}` : `${name} ≥ ${wanted.shown}`;
}

/** The names that a claim is about: the fields themselves and those they are compared with. */
export const namesIn = (values: Readonly<Record<string, FieldValue>>): string[] => [
  ...new Set(
    Object.entries(values).flatMap(([name, wanted]) =>
      typeof wanted === 'object' && 'least' in wanted && typeof wanted.least === 'object'
        ? [name, wanted.least.field]
        : [name],
    ),
  ),
];

/** What a line is about, by the first of these that it has. */
const SUBJECTS = ['post_id', 'job_id', 'user_id', 'correlation_id'];

/** 'post_id 4f1c…, audio_file_size 29.8MiB, ffmpeg_duration 60.1s, timeout 60s' */
export function lineText(fields: Fields, names: readonly string[]): string {
  const subject = SUBJECTS.find((name) => fields[name] !== undefined && !names.includes(name));
  return [...(subject === undefined ? [] : [subject]), ...names]
    .map((name) => `${name} ${shown(name, fields[name])}`)
    .join(', ');
}

/** In the unit that log lines have for such a name: seconds and bytes. */
function shown(name: string, value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (/(duration|timeout|seconds)$/.test(name)) return readable(value, 's');
  return readable(value, /(size|bytes)$/.test(name) ? 'bytes' : '');
}
