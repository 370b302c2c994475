/** The checks that faults make on their arguments, when the scenario is read. */
import { FiredrillError } from '../harness/errors.ts';
import { type Bytes, bytes, type Duration, milliseconds } from '../harness/units.ts';

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

function aboveNothing(amount: number, value: string, where: string): number {
  if (amount > 0) return amount;
  throw new FiredrillError('BAD_OPTION', `${where} is ${JSON.stringify(value)}; expected more than nothing.`);
}
