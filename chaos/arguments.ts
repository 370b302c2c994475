/** The checks that faults make on their arguments, when the scenario is read. */
import { FiredrillError } from '../harness/errors.ts';
import { type Bytes, bytes, type Duration, fraction, milliseconds, type Share } from '../harness/units.ts';

export function aName(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new FiredrillError('BAD_OPTION', `${where} is ${JSON.stringify(value)}; expected a name.`);
}

/** Milliseconds above nothing. Throws BAD_UNIT, BAD_OPTION. */
export function someTime(value: Duration, where: string): number {
  return aboveNothing(milliseconds(value, where), value, where);
}

/** Bytes above nothing. Throws BAD_UNIT, BAD_OPTION. */
export function someBytes(value: Bytes, where: string): number {
  return aboveNothing(bytes(value, where), value, where);
}

export function aCount(value: number, where: string): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new FiredrillError('BAD_OPTION', `${where} is ${JSON.stringify(value)}; expected a whole number above 0.`);
}

/** A share above nothing, up to all, as a number. Throws BAD_UNIT, BAD_OPTION. */
export function aShare(value: Share, where: string): number {
  const share = fraction(value, where);
  if (share > 0 && share <= 1) return share;
  throw new FiredrillError('BAD_OPTION', `${where} is ${JSON.stringify(value)}; expected more than 0%, up to 100%.`);
}

export function oneOf(value: string, known: readonly string[], where: string): void {
  if (known.includes(value)) return;
  throw new FiredrillError('BAD_OPTION', `${where} is ${JSON.stringify(value)}; expected one of ${known.join(', ')}.`);
}

/** A pattern without a memory of where it last matched. */
export function aPattern(value: RegExp, where: string): RegExp {
  if (value instanceof RegExp) return new RegExp(value.source, value.flags.replace(/[gy]/g, ''));
  throw new FiredrillError('BAD_OPTION', `${where} is ${JSON.stringify(value)}; expected a pattern such as /^audio/.`);
}

function aboveNothing(amount: number, value: string, where: string): number {
  if (amount > 0) return amount;
  throw new FiredrillError('BAD_OPTION', `${where} is ${JSON.stringify(value)}; expected more than nothing.`);
}
