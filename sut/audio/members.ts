/** Who is there, and who follows whom. */
import type { MeteredPool } from '../telemetry/postgres.ts';
import type { Cache } from './cache.ts';
import { AppError, notFound } from './errors.ts';
import { hashPassword, passwordMatches } from './passwords.ts';
import { apiStatements } from './statements.ts';
import type { Tokens } from './tokens.ts';

export interface Session {
  readonly user_id: string;
  readonly token: string;
}

export class Members {
  readonly #database: MeteredPool;
  readonly #cache: Cache;
  readonly #tokens: Tokens;

  constructor(database: MeteredPool, cache: Cache, tokens: Tokens) {
    this.#database = database;
    this.#cache = cache;
    this.#tokens = tokens;
  }

  /** Throws EMAIL_TAKEN. */
  async register(email: string, password: string): Promise<Session> {
    const hash = await hashPassword(password);
    const [user] = await this.#database.query<{ id: string }>(apiStatements.register, [email, hash]);
    if (user === undefined) {
      throw new AppError('EMAIL_TAKEN', { resource: 'user', message: 'Somebody has registered with this address.' });
    }
    return this.#session(user.id);
  }

  /** Throws CREDENTIALS_INVALID, which does not say whether it was the address or the password. */
  async login(email: string, password: string): Promise<Session> {
    const [user] = await this.#database.query<{ id: string; password_hash: string }>(apiStatements.userByEmail, [
      email,
    ]);
    if (!(await passwordMatches(password, user?.password_hash)) || user === undefined) {
      throw new AppError('CREDENTIALS_INVALID', {
        resource: 'session',
        message: 'The address and the password do not belong together.',
      });
    }
    return this.#session(user.id);
  }

  /** Throws NOT_FOUND, ALREADY_FOLLOWING. */
  async follow(follower: string, followed: string): Promise<void> {
    const [row] = await this.#database.query<{ added: boolean }>(apiStatements.follow, [follower, followed]);
    if (row === undefined) throw notFound('user');
    if (!row.added) {
      throw new AppError('ALREADY_FOLLOWING', { resource: 'follow', message: 'You follow this user already.' });
    }
    await this.#cache.invalidate('feed', [follower], 'followed');
  }

  #session(userId: string): Session {
    return { user_id: userId, token: this.#tokens.issue(userId) };
  }
}
