/** Reservation codes, made to be read aloud and typed: 16 characters of Crockford's base 32 (no I, L, O, U) in fours. */
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE = /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/;

/** A new code of 80 random bits: unguessable, and no two alike. */
export function newCode(): string {
  let code = '';
  for (const [index, byte] of randomBytes(16).entries()) {
    if (index > 0 && index % 4 === 0) code += '-';
    code += ALPHABET.charAt(byte & 31);
  }
  return code;
}

/** The code as it is stored, whichever case it was typed in and with or without hyphens; undefined where it is none. */
export function parseCode(text: string): string | undefined {
  if (text.length > 64) return undefined;
  const plain = text.trim().toUpperCase().replaceAll('-', '');
  const code = plain.replace(/(.{4})(?=.)/g, '$1-');
  return CODE.test(code) ? code : undefined;
}
