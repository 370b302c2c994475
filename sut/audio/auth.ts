/** Who may come in: members with a session token, administrators with the one they hold. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { AppError } from './errors.ts';
import type { Tokens } from './tokens.ts';

export class Gate {
  readonly #tokens: Tokens;
  readonly #adminToken: string;

  constructor(tokens: Tokens, adminToken: string) {
    this.#tokens = tokens;
    this.#adminToken = adminToken;
  }

  /** Lets members in, and notes who they are. Throws CREDENTIALS_MISSING, CREDENTIALS_INVALID. */
  members(): RequestHandler {
    return (request, response, next) => {
      const userId = this.#tokens.userOf(bearer(request));
      if (userId === undefined) throw invalid();
      response.locals.userId = userId;
      response.locals.facts = { user_id: userId };
      next();
    };
  }

  /** Throws FORBIDDEN where a member asks, and what members() throws. */
  admins(): RequestHandler {
    return (request, _response, next) => {
      const token = bearer(request);
      if (!sameText(token, this.#adminToken)) {
        if (this.#tokens.userOf(token) === undefined) throw invalid();
        throw new AppError('FORBIDDEN', { resource: 'session', message: 'This is for administrators.' });
      }
      next();
    };
  }
}

function bearer(request: Request): string {
  const token = /^Bearer (\S{1,512})$/.exec(request.get('authorization') ?? '')?.[1];
  if (token !== undefined) return token;
  throw new AppError('CREDENTIALS_MISSING', {
    resource: 'session',
    message: 'Log in, and send the token: Authorization: Bearer <token>.',
  });
}

const invalid = () =>
  new AppError('CREDENTIALS_INVALID', { resource: 'session', message: 'This token is not valid, or no longer.' });

/** In constant time, whatever the lengths. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
