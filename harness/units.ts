/**
 * Units as people write them, turned into plain numbers: '30s', '80/s', '1%', '300ms', '512MiB'.
 * The template types make a bare number where a duration belongs a compile error; the parsers make it a clear message.
 */
import { FiredrillError } from './errors.ts';

export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;
export type Rate = `${number}/${'s' | 'm'}`;
export type Share = `${number}%`;
export type Bytes = `${number}${'B' | 'KiB' | 'MiB' | 'GiB'}`;

const MILLISECONDS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const BYTES: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** '90s', '1h30m' → milliseconds, in Prometheus' own duration syntax. Throws BAD_UNIT naming `where`. */
export function milliseconds(text: string, where = 'duration'): number {
  if (text === '0') return 0;
  const parts = [...String(text).matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw badUnit(where, text, "a duration such as '300ms', '30s' or '1h30m'");
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (MILLISECONDS[unit as string] as number), 0);
}

/** '80/s', '30/m' → per second. */
export function perSecond(text: string, where = 'rate'): number {
  const match = /^(\d+(?:\.\d+)?)\/(s|m)$/.exec(text);
  if (!match) throw badUnit(where, text, "a rate such as '80/s' or '30/m'");
  return Number(match[1]) / (match[2] === 'm' ? 60 : 1);
}

/** '5%' → 0.05. */
export function fraction(text: string, where = 'share'): number {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (!match) throw badUnit(where, text, "a share such as '5%'");
  return Number(match[1]) / 100;
}

/** '512MiB' → bytes. */
export function bytes(text: string, where = 'size'): number {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text);
  if (!match) throw badUnit(where, text, "a size such as '512MiB'");
  return Number(match[1]) * (BYTES[match[2] as string] as number);
}

/**
 * Milliseconds → the shortest Prometheus duration that means the same, rounded to a whole millisecond: 90000 → '1m30s'.
 * Zero is '0s'.
 */
export function duration(ms: number): string {
  let rest = Math.round(ms);
  if (rest <= 0) return '0s';
  let text = '';
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}

function badUnit(where: string, got: unknown, expected: string): FiredrillError {
  return new FiredrillError('BAD_UNIT', `${where} is ${JSON.stringify(got)}; expected ${expected}.`);
}
