/**
 * Validation: what clients send is looked at here and nowhere else. A check reads one field and answers its value or its
 * problem; reading a request tells all problems at once. What is refused is counted by field and reason.
 */
import { AppError, type FieldProblem, type Reason, type Resource } from './errors.ts';

/** Receives each field that was refused. */
export interface ValidationRecorder {
  failure(field: string, reason: Reason): void;
}

/** Throws a Refusal. */
export type Check<T> = (value: unknown) => T;

class Refusal extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Not the whole of RFC 5322, on purpose: one @, something on both sides, a dot in the domain, no spaces. */
const EMAIL = /^[^\s@<>"]{1,64}@[^\s@<>"]{1,185}\.[^\s@<>".]{2,63}$/;
export const PASSWORD_MIN = 10;
const PASSWORD_MAX = 128;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const BPM = { min: 40, max: 300 } as const;

const text: Check<string> = (value) => {
  if (value === undefined || value === null) throw new Refusal('missing', 'is missing');
  if (typeof value !== 'string') throw new Refusal('invalid_format', 'must be a string');
  return value;
};

const sized = (value: string, min: number, max: number): string => {
  if (value.length < min) throw new Refusal('too_short', `must have at least ${min} characters`);
  if (value.length > max) throw new Refusal('too_long', `must have at most ${max} characters`);
  return value;
};

/** Lower-cased: addresses that differ in case reach the same person. */
export const email: Check<string> = (value) => {
  const given = sized(text(value).trim(), 1, 254);
  if (!EMAIL.test(given)) throw new Refusal('invalid_format', 'must be an address like name@example.com');
  return given.toLowerCase();
};

/** A new password: long enough, and not one kind of character alone. */
export const newPassword: Check<string> = (value) => {
  const given = sized(text(value), PASSWORD_MIN, PASSWORD_MAX);
  if (/^(\d+|\p{L}+)$/u.test(given)) throw new Refusal('too_weak', 'must mix letters with digits or signs');
  return given;
};

/** A password to compare: what it must be like is no business of who guesses. */
export const anyPassword: Check<string> = (value) => sized(text(value), 1, PASSWORD_MAX);

export const line =
  (min: number, max: number): Check<string> =>
  (value) =>
    sized(text(value).trim(), min, max);

/** Beats per minute, as a number or as the text of one. NaN, Infinity and '1e2x' are no numbers. */
export const bpm: Check<number> = (value) => {
  if (value === undefined || value === null || value === '') throw new Refusal('missing', 'is missing');
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new Refusal('invalid_format', 'must be a number');
  }
  if (number < BPM.min || number > BPM.max) {
    throw new Refusal('out_of_range', `must be between ${BPM.min} and ${BPM.max}`);
  }
  return number;
};

/** A number of seconds in this range. */
export const seconds =
  (min: number, max: number): Check<number> =>
  (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Refusal('invalid_format', 'must be a number');
    if (value < min || value > max) throw new Refusal('out_of_range', `must be between ${min} and ${max}`);
    return value;
  };

/** Whether this can be the id of something: what cannot is not asked of the database. */
export const isId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

export class Validation {
  readonly #recorder: ValidationRecorder;

  constructor(recorder: ValidationRecorder) {
    this.#recorder = recorder;
  }

  /** Reads these fields. Throws VALIDATION with the problem of each that is refused; `resource` is what they describe. */
  read<T>(resource: Resource, source: unknown, checks: { readonly [Field in keyof T]: Check<T[Field]> }): T {
    if (typeof source !== 'object' || source === null || Array.isArray(source)) {
      throw this.refuse(resource, [
        { field: 'body', reason: 'invalid_format', message: 'must be a JSON object with the content type of one' },
      ]);
    }
    const problems: FieldProblem[] = [];
    const values: Partial<T> = {};
    for (const field of Object.keys(checks) as (keyof T & string)[]) {
      try {
        values[field] = checks[field]((source as Record<string, unknown>)[field]);
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        problems.push({ field, reason: refusal.reason, message: refusal.message });
      }
    }
    if (problems.length > 0) throw this.refuse(resource, problems);
    return values as T;
  }

  /** The error of these problems, each counted. */
  refuse(resource: Resource, problems: readonly FieldProblem[]): AppError {
    for (const { field, reason } of problems) this.#recorder.failure(field, reason);
    const message = `${problems.map((problem) => `${problem.field} ${problem.message}`).join('; ')}.`;
    return new AppError('VALIDATION', { resource, problems, message });
  }
}
