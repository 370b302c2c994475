/**
 * Session tokens: '<user id>.<expiry>.<signature>', signed with the service's secret. They are checked without asking the
 * database, so any instance can, and they cannot be taken back before they expire.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isId } from './validation.ts';

export class Tokens {
  readonly #secret: string;
  readonly #ttlMs: number;

  constructor(secret: string, ttlMs: number) {
    this.#secret = secret;
    this.#ttlMs = ttlMs;
  }

  issue(userId: string, now = Date.now()): string {
    const claim = `${userId}.${(now + this.#ttlMs).toString(36)}`;
    return `${claim}.${this.#sign(claim).toString('base64url')}`;
  }

  /** The user of a token; undefined where it is not ours, altered or expired. */
  userOf(token: string, now = Date.now()): string | undefined {
    const [userId, expiry = '', signature = ''] = token.split('.');
    const given = Buffer.from(signature, 'base64url');
    const due = this.#sign(`${userId}.${expiry}`);
    if (given.length !== due.length || !timingSafeEqual(given, due)) return undefined;
    return isId(userId) && Number.parseInt(expiry, 36) > now ? userId : undefined;
  }

  #sign(claim: string): Buffer {
    return createHmac('sha256', this.#secret).update(claim).digest();
  }
}
